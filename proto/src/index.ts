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
export { jsonFault } from './event/json-fault.ts'
export {
  formatTimestamp,
  isTimestamp,
  parseTimestamp,
  timestampFromMilliseconds,
  timestampFromNumber,
  timestampFromText,
} from './event/timestamp.ts'
export { validateEvent, validateFields } from './event/validate.ts'
export * from './gen/weir/v1/event_pb.js'
export * from './gen/weir/v1/wire_pb.js'
export { clientFrameFromJson, clientFrameToJson } from './json/client-frame-json.ts'
export { dataFromJson, eventFromJson, itemFromJson } from './json/event-from-json.ts'
export { type EventJson, eventToJson, jsonValue } from './json/event-json.ts'
export { eventFromJsonText, eventToJsonText } from './json/event-json-text.ts'
export { JsonEvent } from './json/json-event.ts'
export {
  componentSchemas,
  cursorSchema,
  enumSchema,
  type JsonSchema,
  messageSchema,
  type ObjectSchema,
  objectSchema,
  type SchemaOptions,
  schemaReference,
} from './json/json-schema.ts'
export { itemTexts, memberText, memberTexts, textAt } from './json/json-slice.ts'
export { ItemSource, type JsonSource, TextSource } from './json/json-source.ts'
export {
  type ReceivedBatch,
  type ReceivedEntry,
  type ReceivedFrame,
  readServerFrame,
  serverFrameFromJson,
} from './json/read-server-frame.ts'
export { receivedEvent } from './json/received-event.ts'
export { batchToJson, serverFrameToJson } from './json/server-frame-json.ts'
export { defaultTenant, limits } from './limits.ts'
export {
  type Cursor,
  cursorField,
  cursorFromWire,
  cursorOfField,
  cursorParts,
  cursorToWire,
  formatCursor,
  joinCursors,
  parseCursor,
} from './names/cursor.ts'
export {
  canonicalFilters,
  checkFilter,
  commonFilter,
  compileFilters,
  filterContains,
  filterMatches,
  filtersOverlap,
  isFilter,
} from './names/filter.ts'
export { shardIndex } from './names/shard.ts'
export { checkSource, checkSubject, checkTenant, isSubject, subjectFault } from './names/subject.ts'
export { type AlertMatch, compileAlertMatch, type MatchedAlert, readAlertMatch } from './silence/alert-match.ts'
export {
  readSilence,
  type Silence,
  type SilenceState,
  silenceOf,
  silenceState,
  silenceSubject,
  silencesBucket,
  silencing,
} from './silence/silence.ts'
export { backoffMs } from './time/backoff.ts'
export { formatDuration, parseDuration } from './time/duration.ts'
export { decodeClientFrame, decodeEvent, decodeServerFrame } from './wire/decode.ts'
export { encodeClientFrame, encodeEvent, encodeServerFrame } from './wire/encode.ts'
export { enumName, modeValues, removalValues, severityValues, startValues } from './wire/enum-values.ts'
export { sampledTraceparent } from './wire/traceparent.ts'
export { readAck } from './wire/wire-ack.ts'
export {
  BATCH_HEAD_BYTES_MAX,
  type BatchHead,
  batchHeadBytes,
  entryBytesMax,
  entryEvent,
  writeBatchHead,
  writeEntry,
} from './wire/wire-batch.ts'
