export { RunWave, type RunWaveDependencies } from './run-wave.js';
export { rebuildWaveContext } from './rebuild-wave-context.js';
