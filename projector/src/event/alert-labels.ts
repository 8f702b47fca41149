import type { Event } from '@weir/proto'

/** Labels by which silences and inhibitions know alerts: those that the rule declares. */
export type AlertLabels = Readonly<Record<string, string>>

/** Labels of an alert's event that say why it changed. */
export const reservedAlertLabels: readonly string[] = ['cause', 'cause.ms', 'reason', 'renewed']

/** The labels of an alert's event without those that say why it changed. */
export function alertLabels({ labels }: Event): AlertLabels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !reservedAlertLabels.includes(name)))
}
