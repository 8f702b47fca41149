import { flag, optional, type Setting, secret, setting, text, url } from '@weir/mesh'

/** What the environment may say to the commands that talk to a mesh; options go before it. */
export const accessSettings: {
  readonly url: Setting<string | undefined>
  readonly hub: Setting<string | undefined>
  readonly ingest: Setting<string | undefined>
  readonly projector: Setting<string | undefined>
  readonly token: Setting<string | undefined>
} = {
  url: optional(
    'WEIR_URL',
    url,
    'The address of a mesh whose services stand behind one host: https://weir.example.org.',
  ),
  hub: optional('WEIR_HUB_URL', url, 'The address of the hub, where it has one of its own.'),
  ingest: optional('WEIR_INGEST_URL', url, 'The address of ingest, where it has one of its own.'),
  projector: optional('WEIR_PROJECTOR_URL', url, 'The address of the projector, where it has one of its own.'),
  token: optional(
    'WEIR_TOKEN',
    secret(1),
    'The token to send. Without it one is made, where `weir up` has left its secret.',
  ),
}

/** What the environment may say to every command. */
export const commandSettings: { readonly debug: Setting<boolean> } = {
  debug: setting('WEIR_DEBUG', flag, false, 'An error is also shown with its cause and where it came from.'),
}

/**
 * What the environment may say to `weir up` beside the ports; every setting of a service is handed
 * on to that service.
 */
export const upSettings: {
  readonly databaseUrl: Setting<string | undefined>
  readonly natsOverWebsocket: Setting<boolean>
} = {
  databaseUrl: optional(
    'DATABASE_URL',
    text,
    'A Postgres of your own for the history; the embedded one is then not started.',
  ),
  natsOverWebsocket: setting(
    'WEIR_NATS_WEBSOCKET',
    flag,
    false,
    'nats-server also listens for WebSocket, without TLS, for ingest at the edge (examples/edge).',
  ),
}
