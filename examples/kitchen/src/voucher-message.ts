import { type Branch, isBranch } from './branches.ts'

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
  const { messages, contacts } = (data as Body).entry?.[0]?.changes?.[0]?.value ?? {}
  const message = messages?.[0]
  if (!isBranch(branch) || message?.id === undefined || message.image === undefined) return undefined
  const caption = message.image.caption ?? ''
  const amount = /S\/ ?\d+(\.\d\d)?/.exec(caption)?.[0] ?? 'sin monto'
  const items = caption.replace(amount, '').replace(/[\s.·-]+$/, '')
  const customer = contacts?.[0]?.profile?.name ?? message.from ?? 'Cliente'
  return { message: message.id, branch, customer, items, amount }
}

interface Body {
  readonly entry?: readonly {
    readonly changes?: readonly {
      readonly value?: {
        readonly contacts?: readonly { readonly profile?: { readonly name?: string } }[]
        readonly messages?: readonly {
          readonly id?: string
          readonly from?: string
          readonly image?: { readonly caption?: string }
        }[]
      }
    }[]
  }[]
}
