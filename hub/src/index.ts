export { type AsyncApi, asyncApiDocument } from './http/async-api.ts'
export type { SessionPage, SessionReport, SubscriptionReport } from './session/report/session-list.ts'
export { hubSettings } from './settings.ts'
