import { type Branch, isBranch } from './branches.ts'
import { limits } from './limits.ts'

/** A picture of a payment with its caption, as a customer sends it. */
export interface VoucherMessage {
  /** The id that WhatsApp gave it. */
  readonly message: string
  readonly branch: Branch
  readonly customer: string
  readonly items: string
  /** As it was written: `S/ 48.00`. */
  readonly amount: string
}

/**
 * What an event of the webhook's route says; undefined for a message that is no voucher: without a
 * picture, or of no branch. Its data are a body of Meta's Cloud API.
 */
export function voucherOf(subject: string, data: unknown): VoucherMessage | undefined {
  const [, branch = ''] = subject.split('.')
  const value = at(data, 'entry', 0, 'changes', 0, 'value')
  const message = textAt(value, 'messages', 0, 'id')
  if (!isBranch(branch) || message === '' || at(value, 'messages', 0, 'image') === undefined) return undefined
  const caption = textAt(value, 'messages', 0, 'image', 'caption')
  const amount = /S\/ ?\d+(\.\d\d)?/.exec(caption)?.[0] ?? 'sin monto'
  const items = caption.replace(amount, '').replace(/[\s.·-]+$/, '') || 'sin detalle'
  const customer = textAt(value, 'contacts', 0, 'profile', 'name') || textAt(value, 'messages', 0, 'from') || 'Cliente'
  return { message, branch, customer, items, amount }
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Readonly<Record<string | number, unknown>>)[key]
  }
  return found
}

/** Empty for what is no text; Postgres holds no NUL. */
function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found.replaceAll('\0', '').slice(0, limits.textCharactersMax) : ''
}
