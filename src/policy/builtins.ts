import type { HostBuiltins } from './builtin.ts';
import { CRYPTO_BUILTINS } from './builtins-crypto.ts';
import { JSON_BUILTINS } from './builtins-json.ts';
import { SEMVER_BUILTINS } from './builtins-semver.ts';
import { STRING_BUILTINS } from './builtins-strings.ts';
import { TIME_BUILTINS } from './builtins-time.ts';

/**
 * The built-in functions that OPA's WebAssembly modules lack and we supply: they answer what OPA's interpreter
 * answers, fail where it fails, and depend on nothing but their arguments and the one time of the decision.
 */
export const HOST_BUILTINS: HostBuiltins = new Map([
  ...CRYPTO_BUILTINS,
  ...JSON_BUILTINS,
  ...SEMVER_BUILTINS,
  ...STRING_BUILTINS,
  ...TIME_BUILTINS,
]);
