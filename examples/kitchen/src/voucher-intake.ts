import { setTimeout as sleep } from 'node:timers/promises'
import { live, type Weir } from '@weir/client'
import type { KitchenStore } from './kitchen-store.ts'
import { limits } from './limits.ts'
import { voucherOf } from './voucher-message.ts'

/**
 * Takes vouchers as they come by the webhook, also those that came while the service was away: what
 * the history has, and then what is live, without a hole. A voucher is known again by its id.
 */
export async function takeVouchers(weir: Weir, store: KitchenStore, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const item of live(weir, { filter: 'kitchen.*.whatsapp.>', since: limits.missedMessages })) {
        if (signal.aborted) return
        const voucher = item.type === 'entry' ? voucherOf(item.subject, item.data) : undefined
        if (voucher !== undefined) await store.takeVoucher(voucher)
      }
    } catch (error) {
      if (!signal.aborted) console.error(`Vouchers wait: ${error}`)
    }
    await sleep(limits.intakeRetryMs)
  }
}
