export { startSimulator, type Simulator } from './start-simulator.js';
export { readSimulatorScript, type SimulatorScript } from './script.js';
