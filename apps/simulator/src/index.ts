export { startSimulator, type Simulator, type SimulatorOptions } from './start-simulator.js';
export { readSimulatorScript, simulatorScriptSchema, type SimulatorScript } from './script.js';
export type { RecordedRequest } from './simulation.js';
