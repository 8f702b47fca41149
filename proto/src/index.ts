export { clientFrameFromJson, clientFrameToJson } from './client-frame-json.ts'
export { type Cursor, cursorFromWire, cursorToWire, formatCursor, parseCursor } from './cursor.ts'
export {
  asWeirError,
  closeCode,
  type ErrorCode,
  errorCodes,
  type HttpErrorStatus,
  httpStatus,
  isErrorCode,
  isRetryable,
  shouldReconnect,
  WeirError,
} from './error.ts'
export { eventFromJson, itemFromJson } from './event-from-json.ts'
export { type EventJson, eventToJson } from './event-json.ts'
export { eventFromJsonText, eventToJsonText } from './event-json-text.ts'
export {
  canonicalFilters,
  checkFilter,
  commonFilter,
  compileFilters,
  filterContains,
  filterMatches,
  filtersOverlap,
  isFilter,
} from './filter.ts'
export * from './gen/weir/v1/event_pb.js'
export * from './gen/weir/v1/wire_pb.js'
export { itemTexts, memberText } from './json-slice.ts'
export { defaultTenant, limits } from './limits.ts'
export { batchToJson, serverFrameFromJson, serverFrameToJson } from './server-frame-json.ts'
export { checkSource, checkSubject, checkTenant, isSubject, subjectFault } from './subject.ts'
export { formatTimestamp, isTimestamp, parseTimestamp, timestampFromMilliseconds } from './timestamp.ts'
export { validateEvent, validateFields } from './validate.ts'
export { readAck } from './wire-ack.ts'
export {
  type BatchHead,
  batchHeadBytes,
  batchHeadBytesMax,
  entryBytesMax,
  entryEvent,
  writeBatchHead,
  writeEntry,
} from './wire-batch.ts'
