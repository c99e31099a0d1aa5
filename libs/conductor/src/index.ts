export { RunWave, type RunWaveDependencies } from './run-wave.js';
export { runShadow, type ShadowPorts } from './run-shadow.js';
export { OvercommittedError } from './overcommitted-error.js';
export { WriteDigest } from './write-digest.js';
export { expectTokens } from './expect-tokens.js';
export { readAsShown } from './read-as-shown.js';
export { rebuildWaveContext } from './rebuild-wave-context.js';
