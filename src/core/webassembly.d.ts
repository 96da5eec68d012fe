/**
 * The part of WebAssembly's JavaScript interface that is used here. TypeScript
 * declares it only together with the whole browser ("lib": ["dom"]).
 *
 * Source: WebAssembly JavaScript Interface, https://webassembly.github.io/spec/js-api/
 */
declare namespace WebAssembly {
  type ImportValue = ((...values: never[]) => unknown) | Memory | Table | Global | number;
  type Imports = Record<string, Record<string, ImportValue>>;
  type ExportValue = ((...values: (number | bigint)[]) => unknown) | Memory | Table | Global;

  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: 'function' | 'global' | 'memory' | 'table';
  }

  interface ModuleImportDescriptor extends ModuleExportDescriptor {
    readonly module: string;
  }

  class Module {
    constructor(bytes: ArrayBuffer | ArrayBufferView);
    static customSections(module: Module, name: string): ArrayBuffer[];
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, ExportValue>>;
  }

  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum?: number; readonly shared?: boolean });
    readonly buffer: ArrayBuffer;
    /** Answers the size before, in pages of 64 KiB. */
    grow(pages: number): number;
  }

  class Table {
    constructor(descriptor: { readonly initial: number; readonly maximum?: number; readonly element: string });
    readonly length: number;
    get(index: number): unknown;
  }

  class Global {
    constructor(descriptor: { readonly value: string; readonly mutable?: boolean }, value?: number | bigint);
    value: number | bigint;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function compile(bytes: ArrayBuffer | ArrayBufferView): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function validate(bytes: ArrayBuffer | ArrayBufferView): boolean;
}
