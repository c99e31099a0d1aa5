export { RunWave, type RunWaveDependencies } from './run-wave.js';
export { expectTokens } from './expect-tokens.js';
export { rebuildWaveContext } from './rebuild-wave-context.js';
