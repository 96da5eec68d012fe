import type { Layer } from '../../src/core/opinion.ts';
import { LAYER_WORDS } from './plain.ts';

/** As they are asked. */
export const LAYERS_IN_ORDER: readonly Layer[] = Object.keys(LAYER_WORDS) as Layer[];
