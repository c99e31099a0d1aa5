export { startSimulator, type Simulator } from './start-simulator.js';
export { readSimulatorScript, type SimulatorScript } from './script.js';
export { PromptMeter } from './prompt-meter.js';
export { countTokens } from './domain/count-tokens.js';
