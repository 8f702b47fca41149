/**
 * What runs where there are no sockets and no files, as at the edge of a network: web standards, and of Node only
 * node:crypto's hash, which such runtimes offer too.
 */
export { type Identity, mayPublish, maySubscribe } from './identity.ts'
export type { NatsConnection } from './nats/connection.ts'
export { eventSubject } from './nats/layout.ts'
export type { Stored } from './nats/publish-receipt.ts'
export { type Outgoing, Publisher, type PublisherOptions } from './nats/publisher.ts'
export { connectNatsByWebSocket, type WebSocketOptions } from './nats/websocket.ts'
export { type ProblemExtra, problem } from './problem.ts'
export { bearerToken } from './token.ts'
export { Verifier, type VerifierOptions } from './verifier.ts'
