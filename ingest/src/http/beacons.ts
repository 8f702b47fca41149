import { problem } from '@weir/mesh/edge'
import { asWeirError, WeirError } from '@weir/proto'
import type { BodyPayer } from '../body/body-payer.ts'
import { BodyReader } from '../body/body-reader.ts'
import { bodyText } from '../body/body-text.ts'
import { parseContentType } from '../body/content-type.ts'
import { ingestLimits } from '../limits.ts'

/**
 * POST /v1/beacon, for `navigator.sendBeacon`, which can set no header: a form with the token, as
 * RFC 6750 section 2.2 has it, and the events as POST /v1/events takes them in JSON. A form needs
 * no leave of CORS, and a token in a body stands in no log.
 */
export class Beacons {
  readonly #bodies: BodyReader
  readonly #store: (request: Request) => Response | Promise<Response>
  /** Of bodies whose sender is not known yet, so all share one bound. */
  #heldBytes = 0

  /** `store` answers the request that the form stands for. */
  constructor(bodyMs: number, store: (request: Request) => Response | Promise<Response>) {
    this.#bodies = new BodyReader({ bodyBytesMax: ingestLimits.beaconBytesMax, bodyMs, unpackers: {} })
    this.#store = store
  }

  /** Never rejects. */
  async handle(request: Request): Promise<Response> {
    try {
      return await this.#store(await this.#requestOf(request))
    } catch (thrown) {
      return problem(asWeirError(thrown), { headers: { connection: 'close' } })
    }
  }

  async #requestOf(request: Request): Promise<Request> {
    const { mediaType } = parseContentType(request.headers.get('content-type'))
    if (mediaType !== FORM) throw new WeirError('unsupported_type', `Send ${FORM}, as URLSearchParams gives it.`)
    const body = await this.#bodies.read(request, this.#payer)
    try {
      const form = new URLSearchParams(bodyText(body.bytes))
      const token = form.get('access_token')
      if (token === null || !/^\S+$/.test(token)) {
        throw new WeirError('unauthenticated', 'Send a token in the field access_token, and the events in events.')
      }
      const events = form.get('events')
      if (events === null) throw new WeirError('malformed', 'The form has no field events: send the events in it.')
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', host: 'beacon' }
      const url = new URL('/v1/events', request.url)
      return new Request(url, { method: 'POST', headers, body: events })
    } finally {
      body.release()
    }
  }

  readonly #payer: BodyPayer = {
    hold: (bytes) => {
      if (this.#heldBytes + bytes > ingestLimits.beaconsBytesMax) {
        throw new WeirError('overloaded', 'Too many beacons are on their way at one time: send again later.')
      }
      this.#heldBytes += bytes
    },
    release: (bytes) => {
      this.#heldBytes -= bytes
    },
    // Who pays is known when the events are.
    charge: () => undefined,
    checkRate: () => undefined,
  }
}

const FORM = 'application/x-www-form-urlencoded'
