export { readLoad } from './read-load.js';
export { startDispatch, type DispatchOptions, type RunningDispatch } from './start-dispatch.js';
export { Dispatcher, type DispatcherOptions } from './dispatcher.js';
export type { Doorbell, TicketHandlers, TicketSlots } from './doorbell.js';
export {
  pickDueMission,
  pickMissionWithDigests,
  pickMissionWithOffers,
  type OfferScope,
  type PickedMission,
} from './picker.store.js';
export { sweep, type CountDueDeliveries, type DueCounts } from './sweep.js';
