export { type AsyncApi, asyncApiDocument } from './async-api.ts'
export type { SessionPage, SessionReport, SubscriptionReport } from './session-list.ts'
export { hubSettings } from './settings.ts'
