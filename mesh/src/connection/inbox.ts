import { createInbox, type NatsConnection } from '@nats-io/nats-core'

/**
 * The prefix of a service's inboxes, which is all that its NATS user may subscribe to for answers.
 */
export function inboxPrefixOf(service: string): string {
  return `_INBOX_${service}`
}

/** Notes the prefix that a connection was made with. */
export function setInboxPrefix(nc: NatsConnection, prefix: string): void {
  prefixes.set(nc, prefix)
}

/** A new inbox that the permissions of this connection's user cover. */
export function newInbox(nc: NatsConnection): string {
  return createInbox(prefixes.get(nc) ?? '_INBOX')
}

/** The client keeps the prefix to itself. */
const prefixes = new WeakMap<NatsConnection, string>()
