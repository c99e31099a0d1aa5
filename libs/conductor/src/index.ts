export { RunWave, type RunWaveDependencies } from './run-wave.js';
export { expectTokens } from './expect-tokens.js';
export { readAsShown } from './read-as-shown.js';
export { rebuildWaveContext } from './rebuild-wave-context.js';
