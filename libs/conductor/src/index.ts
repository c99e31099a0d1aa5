export { RunWave, type RunWaveDependencies } from './run-wave.js';
export { answerRead } from './answer-read.js';
export { rebuildWaveContext } from './rebuild-wave-context.js';
