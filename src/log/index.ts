export type { EventLog, GapEvent, GapReason, PlaceEvent } from './EventLog.js';
export { memoryLog } from './memoryLog.js';
export type { MemoryLogConfig } from './memoryLog.js';
