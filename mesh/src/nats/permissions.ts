/** What one NATS user may do; subjects with NATS wildcards. */
export interface NatsPermissions {
  readonly publish: readonly string[]
  readonly publishDeny?: readonly string[]
  readonly subscribe: readonly string[]
}

export const natsRoles = ['admin', 'ingest', 'hub', 'projector'] as const

export type NatsRole = (typeof natsRoles)[number]

const readStreams = ['$JS.API.INFO', '$JS.API.STREAM.INFO.*', '$JS.API.DIRECT.GET.*', '$JS.API.DIRECT.GET.*.>'] as const

const consume = [
  '$JS.API.CONSUMER.CREATE.>',
  '$JS.API.CONSUMER.INFO.*.*',
  '$JS.API.CONSUMER.MSG.NEXT.*.*',
  '$JS.API.CONSUMER.DELETE.*.*',
] as const

/**
 * The least that each service can work with. Nobody may publish to `live.>`: what hubs read there comes from the streams'
 * republish alone. Inboxes are private to a role.
 */
export const natsPermissions: Readonly<Record<NatsRole, NatsPermissions>> = {
  /** The provisioner and the CLI. */
  admin: {
    publish: ['$JS.API.>', '$JS.ACK.>', '$JS.FC.>', '$KV.>', 'ev.>', 'dlq.>', 'weir.hub.>'],
    subscribe: ['_INBOX_admin.>', 'live.>', 'weir.hub.>'],
  },
  ingest: {
    publish: ['ev.>', '$JS.API.INFO', '$JS.API.STREAM.INFO.*'],
    subscribe: ['_INBOX_ingest.>'],
  },
  hub: {
    publish: [...readStreams, ...consume, '$JS.FC.>', '$KV.mesh.>', 'weir.hub.>'],
    subscribe: ['_INBOX_hub.>', 'live.>', 'weir.hub.>'],
  },
  projector: {
    publish: [...readStreams, ...consume, '$JS.ACK.>', '$JS.FC.>', '$KV.*.>', 'ev.*.alerts.>', 'dlq.>'],
    publishDeny: ['$KV.mesh.>'],
    subscribe: ['_INBOX_projector.>'],
  },
}
