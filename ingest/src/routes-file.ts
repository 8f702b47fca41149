import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { type Health, type Logger, Reload, systemReason } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { IngestApp } from './create-ingest.ts'
import { parseWebhookRoutes, type WebhookRoute } from './formats/webhook/webhook-route.ts'

/** The file of webhooks: read at the start, and again when it changes. */
export class RoutesFile {
  readonly #path: string
  #text: string

  private constructor(path: string, text: string) {
    this.#path = path
    this.#text = text
  }

  /** Rejects with `invalid` for a file that cannot be read. */
  static async read(path: string): Promise<RoutesFile> {
    try {
      return new RoutesFile(path, await readFile(path, 'utf8'))
    } catch (cause) {
      throw new WeirError(
        'invalid',
        `WEIR_INGEST_ROUTES names ${path}, which cannot be read: ${systemReason(cause)}.`,
        {
          cause,
        },
      )
    }
  }

  /** Throws `invalid` with every fault. */
  get routes(): readonly WebhookRoute[] {
    return routesOf(this.#text, this.#path)
  }

  /**
   * Takes over what the file says, once it is started; what is wrong is told and changes nothing.
   */
  reloadInto(ingest: IngestApp, { health, log }: { readonly health: Health; readonly log: Logger }): Reload {
    const apply = async (text: string): Promise<boolean> => {
      if (text === this.#text) return false
      ingest.reroute(routesOf(text, this.#path))
      this.#text = text
      return true
    }
    return new Reload({ what: 'routes', file: this.#path, apply, health, log })
  }
}

/** The keys of signatures stand in the environment. */
function routesOf(text: string, path: string): readonly WebhookRoute[] {
  return parseWebhookRoutes(text, (name) => process.env[name], path)
}
