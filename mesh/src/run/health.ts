/**
 * Whether a service is fit for traffic: each of its parts says so, and a service that drains is
 * not.
 */
export class Health {
  readonly #parts = new Map<string, PartHealth>()
  #draining = false

  set(part: string, ok: boolean, detail?: string): void {
    this.#parts.set(part, detail === undefined ? { ok } : { ok, detail })
  }

  /** A part that is no more says nothing any more. */
  remove(part: string): void {
    this.#parts.delete(part)
  }

  /** From now on not ready, whatever the parts say: load balancers send new work elsewhere. */
  draining(): void {
    this.#draining = true
  }

  get ready(): boolean {
    if (this.#draining) return false
    for (const part of this.#parts.values()) if (!part.ok) return false
    return true
  }

  report(): HealthReport {
    return { ready: this.ready, draining: this.#draining, parts: Object.fromEntries(this.#parts) }
  }
}

export interface HealthReport {
  readonly ready: boolean
  readonly draining: boolean
  readonly parts: Readonly<Record<string, PartHealth>>
}

export interface PartHealth {
  readonly ok: boolean
  readonly detail?: string
}
