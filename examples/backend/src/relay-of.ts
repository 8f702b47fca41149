import { connect } from '@weir/client'
import type { Outbox } from '../../outbox/src/outbox.ts'
import { Relay } from '../../outbox/src/relay.ts'
import type { Surroundings } from './surroundings.ts'
import type { Tokens } from './tokens.ts'

/** The relay of a service whose subjects lie below its name. */
export function relayOf(outbox: Outbox, name: string, surroundings: Surroundings, tokens: Tokens): Relay {
  const { hubUrl, ingestUrl, readUrl } = surroundings
  const filters = [`${name}.>`]
  const getToken = (): Promise<string> => tokens.forService(name, { publish: filters, subscribe: filters })
  const weir = connect({ url: hubUrl, readUrl, getToken })
  return new Relay({
    outbox,
    ingestUrl,
    getToken,
    async stored(items) {
      const times = items.map(({ writtenAt }) => writtenAt.getTime())
      const ids = new Set<string>()
      const filter = [...new Set(items.map(({ item }) => item.subject))]
      for await (const { event } of weir.history({ filter, from: Math.min(...times), to: Math.max(...times) + 1 })) {
        ids.add(event.id)
      }
      return ids
    },
    say: (sentence) => console.error(sentence),
  })
}
