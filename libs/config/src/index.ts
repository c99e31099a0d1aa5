export {
  InvalidSettingsError,
  isLoopback,
  loadConfig,
  type Config,
  type QueueBackend,
  type Role,
} from './load-config.js';
export { settingsSchema, type Settings } from './settings.js';
