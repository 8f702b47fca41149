import { createHash, randomUUID } from 'node:crypto'
import type { Health, Logger, NatsConnection, Subscription } from '@weir/mesh'
import * as v from 'valibot'
import type { Partition } from '../event/partition.ts'
import { limits } from '../limits.ts'
import { type Member, Members } from './members.ts'

export interface ReplicaGroupOptions {
  readonly nc: NatsConnection
  /** Projectors of the same tenants are replicas of each other. */
  readonly tenants: readonly string[]
  /**
   * Works on another share, or on none. Resolves when what was done of the share before is stored.
   */
  readonly assign: (share: Partition | undefined) => Promise<void>
  readonly health: Health
  readonly log: Logger
}

/**
 * Gives each replica its share of the keys, however many there are: they hear each other by core
 * NATS, and when one comes or goes, each stores how far it is, lets go, and takes its new share
 * once the others have let go too.
 */
export class ReplicaGroup {
  readonly #options: ReplicaGroupOptions
  readonly #name: string = randomUUID()
  readonly #subject: string
  readonly #members: Members
  #share: Partition | undefined
  #subscription: Subscription | undefined
  #saying: NodeJS.Timeout | undefined
  #looking: NodeJS.Timeout | undefined
  #changing: Promise<void> | undefined
  #closed = false

  constructor(options: ReplicaGroupOptions) {
    this.#options = options
    const tenants = createHash('sha256').update(options.tenants.toSorted().join(',')).digest('hex').slice(0, 16)
    this.#subject = `weir.projector.${tenants}`
    const { memberLostMs: lostMs, memberSettleMs: settleMs, handOverMs } = limits
    this.#members = new Members({ name: this.#name, lostMs, settleMs, handOverMs }, Date.now())
  }

  /** How many replicas there are, as far as this one knows. */
  get count(): number {
    return this.#members.count
  }

  start(): void {
    this.#subscription = this.#options.nc.subscribe(this.#subject, {
      callback: (error, message) => {
        if (!error) this.#heard(message.string())
      },
    })
    this.#options.health.set(healthPart, false, 'waits for its share of the keys')
    this.#say()
    this.#saying = setInterval(() => this.#say(), limits.memberEveryMs)
    this.#looking = setInterval(() => this.#look(), limits.memberLookMs)
  }

  /** Lets go of the share and tells the others, who take it at once. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#saying)
    clearInterval(this.#looking)
    await this.#changing
    await this.#options.assign(undefined)
    const { nc } = this.#options
    if (nc.isClosed()) return
    this.#subscription?.unsubscribe()
    nc.publish(this.#subject, JSON.stringify({ name: this.#name, left: true }))
  }

  #say(): void {
    const { nc } = this.#options
    const member: Member = { name: this.#name, share: this.#share }
    if (!nc.isClosed()) nc.publish(this.#subject, JSON.stringify(member))
  }

  #heard(text: string): void {
    const { output, success } = v.safeParse(said, text)
    if (!success) return
    const { name, share, left } = output
    const { count } = this.#members
    if (left) this.#members.leave(name, Date.now())
    else this.#members.hear({ name, share }, Date.now())
    // Whoever is new hears at once who is there.
    if (this.#members.count > count) this.#say()
  }

  #look(): void {
    if (this.#changing !== undefined) return
    const share = this.#members.shareOf(Date.now())
    if (share?.index === this.#share?.index && share?.count === this.#share?.count) return
    this.#changing = this.#change(share)
      .catch((err: unknown) => this.#options.log.warn({ err }, 'a share could not be taken; it will be tried again'))
      .finally(() => {
        this.#changing = undefined
      })
  }

  async #change(share: Partition | undefined): Promise<void> {
    const { assign, health, log } = this.#options
    if (this.#share !== undefined) {
      await assign(undefined)
      this.#share = undefined
      this.#say()
    }
    if (this.#closed || (share !== undefined && !this.#members.isFree(share, Date.now()))) return
    // From the first share on: others come and go without this one being any less ready.
    health.set(healthPart, true)
    if (share === undefined) return
    await assign(share)
    this.#share = share
    this.#say()
    log.info({ share: `${share.index}/${share.count}` }, 'this replica works on another share of the keys')
  }
}

const healthPart = 'replicas'

const said = v.pipe(
  v.string(),
  v.maxLength(1_000),
  v.parseJson(),
  v.object({
    name: v.pipe(v.string(), v.uuid()),
    share: v.optional(v.object({ index: v.pipe(v.number(), v.integer()), count: v.pipe(v.number(), v.integer()) })),
    left: v.optional(v.boolean(), false),
  }),
)
