import { WeirError } from '@weir/proto'
import type { Dialect } from '../../answers/dialect.ts'
import { bodyText } from '../../body/body-text.ts'
import { idsByHeader } from '../../encode/event-id.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { influxDialect } from './dialect.ts'

/**
 * InfluxQL of version 1, as far as senders need it before they write: `CREATE DATABASE`, of which
 * nothing has to be made, as a bucket is but a token of the subject. There are no records in it.
 */
export const influxQuery: Decoder = {
  name: 'InfluxQL: CREATE DATABASE',
  mediaTypes: ['application/x-www-form-urlencoded'],
  decode(body, context) {
    if (/^\s*CREATE\s+DATABASE\s/i.test(queryOf(body, context))) return []
    throw new WeirError('malformed', 'Of InfluxQL only CREATE DATABASE is taken: ask the read API what was stored.')
  },
}

/** The `q` of the form, or of the address. */
function queryOf(body: Uint8Array, { url }: DecodeContext): string {
  return new URLSearchParams(bodyText(body)).get('q') ?? new URL(url).searchParams.get('q') ?? ''
}

/** Version 1: the outcome of each statement, of which there is one. */
export const influxQueryDialect: Dialect = {
  name: 'influx',
  ids: idsByHeader,
  answer: (_outcome, headers) => Response.json({ results: [{ statement_id: 0 }] }, { headers: { ...headers } }),
  refusal: influxDialect.refusal,
}
