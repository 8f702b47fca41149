/** What one NATS user may do: subjects with NATS wildcards. Whatever is not listed is forbidden. */
export interface NatsPermissions {
  readonly publish: readonly string[]
  /** Exceptions from `publish`. */
  readonly publishDeny?: readonly string[]
  readonly subscribe: readonly string[]
}

/** The NATS users: one a service, and one for the provisioner and the CLI. */
export const natsRoles = ['admin', 'ingest', 'hub', 'projector'] as const

export type NatsRole = (typeof natsRoles)[number]

const readStreams = [
  '$JS.API.INFO',
  '$JS.API.STREAM.INFO.*',
  '$JS.API.STREAM.MSG.GET.*',
  '$JS.API.DIRECT.GET.*',
  '$JS.API.DIRECT.GET.*.>',
] as const

const useConsumers = [
  // Without a name, as nats.js makes an ordered consumer of a whole stream, and with one.
  '$JS.API.CONSUMER.CREATE.*',
  '$JS.API.CONSUMER.CREATE.*.>',
  '$JS.API.CONSUMER.INFO.*.*',
  '$JS.API.CONSUMER.MSG.NEXT.*.*',
  '$JS.API.CONSUMER.DELETE.*.*',
  '$JS.ACK.>',
  '$JS.FC.>',
] as const

/** To mirror a tenant of another domain, behind a leaf node. */
const readDomains = ['$JS.*.API.STREAM.INFO.*', '$JS.*.API.STREAM.NAMES'] as const

/** Every service hears who was disconnected by an administrator; only hubs say so. */
const askDenials = 'weir.hub.denials'
const hearDenials = ['weir.hub.deny', 'weir.hub.answer.>'] as const

/** Projectors tell each other that they are there, to divide the keys among them. */
const shareKeys = 'weir.projector.>'

/**
 * The least that each service can work with. Nobody may publish to `live.>`: what hubs read there
 * comes from the streams alone. Nobody reads another role's inbox. One thing NATS cannot forbid to
 * those who may create consumers: to have one deliver to any subject; so hub and projector are
 * trusted with that.
 */
export const natsPermissions: Readonly<Record<NatsRole, NatsPermissions>> = {
  admin: {
    publish: ['$JS.API.>', ...readDomains, '$JS.ACK.>', '$JS.FC.>', '$KV.>', 'ev.>', 'dlq.>', 'weir.hub.>'],
    subscribe: ['_INBOX_admin.>', 'live.>', 'weir.hub.>'],
  },
  ingest: {
    publish: ['ev.>', '$JS.API.INFO', '$JS.API.STREAM.INFO.*', '$KV.mesh.ingest.*', askDenials],
    subscribe: ['_INBOX_ingest.>', ...hearDenials],
  },
  hub: {
    // Events, for Centrifuge clients that publish.
    publish: [...readStreams, ...useConsumers, 'ev.>', '$KV.mesh.hub.*', '$KV.tickets.>', 'weir.hub.>'],
    subscribe: ['_INBOX_hub.>', 'live.>', 'weir.hub.>'],
  },
  projector: {
    // It deletes dead letters that were dealt with. Streams of events deny deletion themselves.
    publish: [
      ...readStreams,
      ...useConsumers,
      '$KV.*.>',
      'ev.*.alerts.>',
      'ev.*.silences.>',
      'dlq.>',
      '$JS.API.STREAM.MSG.DELETE.*',
      // To say which buckets no projection owns any more.
      '$JS.API.STREAM.NAMES',
      askDenials,
      shareKeys,
    ],
    publishDeny: ['$KV.mesh.ingest.>', '$KV.mesh.hub.>', '$KV.tickets.>'],
    subscribe: ['_INBOX_projector.>', ...hearDenials, shareKeys],
  },
}
