import process from 'node:process';
import { loadConfig } from '#config';
import { readSimulatorScript } from './script.js';
import { startSimulator } from './start-simulator.js';

/** The simulator as a process of its own, always on loopback: PORT, and WAVEKEEPER_SIMULATOR_SCRIPT for the script. */
const config = loadConfig(process.env);
const script = config.simulatorScript === null ? {} : await readSimulatorScript(config.simulatorScript);
const simulator = await startSimulator({ port: config.port, script });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void simulator.close());
process.stdout.write(`ready ${simulator.url}\n`);
