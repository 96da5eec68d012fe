import type { Opinion } from '../core/opinion.ts';
import type { DecisionRecord } from '../core/record.ts';

/**
 * Writes records as `JSON.stringify` does, but what many records share only once: who asks, and the opinions that are
 * kept. Values are never changed once they are made, so an object that was seen before has the text it had then.
 */
export class RecordText {
  readonly #known = new WeakMap<object, string>();

  /** `inputText`: the JSON text of the record's input. */
  write(record: DecisionRecord, inputText: string): string {
    let members = '';
    let name: keyof DecisionRecord;
    for (name in record) {
      const text = name === 'input' ? inputText : this.#memberText(record, name);
      members += `${members === '' ? '' : ','}"${name}":${text}`;
    }
    return `{${members}}`;
  }

  #memberText(record: DecisionRecord, name: keyof DecisionRecord): string {
    if (name === 'layers') return `[${record.layers.map((opinion) => this.#opinionText(opinion)).join(',')}]`;
    if (name === 'principal' || name === 'client') return this.#sharedText(record[name]);
    const value = record[name];
    return Array.isArray(value) && value.length === 0 ? '[]' : JSON.stringify(value);
  }

  #opinionText(opinion: Opinion): string {
    return opinion.cached ? this.#sharedText(opinion) : JSON.stringify(opinion);
  }

  #sharedText(shared: object): string {
    const known = this.#known.get(shared);
    if (known !== undefined) return known;
    const text = JSON.stringify(shared);
    this.#known.set(shared, text);
    return text;
  }
}
