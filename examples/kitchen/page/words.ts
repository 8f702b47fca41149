import { branches, isBranch } from '../src/branches.ts'
import type { Priority, Thing } from '../src/thing.ts'

export const clock = new Intl.DateTimeFormat('es', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export function branchTitle(branch: string): string {
  return isBranch(branch) ? branches[branch] : branch
}

/** `4:07`, from an hour on `1:04:07`: a timer, as a cook reads it from afar. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`
}

/** `hace 5 s`, `hace 3 min`, `hace 2 h`, `hace 4 d`. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `hace ${seconds} s`
  if (seconds < 3_600) return `hace ${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `hace ${Math.floor(seconds / 3_600)} h`
  return `hace ${Math.floor(seconds / 86_400)} d`
}

export function priorityTone(priority: Priority): 'cool' | 'warn' | 'bad' {
  return priority === 'urgente' ? 'bad' : priority === 'alta' ? 'warn' : 'cool'
}

/** A kind of thing and its id, as the record has them, in words. */
export function entityWord(entity: string): string {
  return entity.replace(/^reposicion /, 'reposición ')
}

/** What a thing is about, in a line. */
export function aboutOf({ details }: Thing): string {
  const { reason, text, product, quantity, items, amount } = details
  return reason ?? text ?? (product === undefined ? `${items} · ${amount}` : `${quantity} × ${product}`)
}

/** The colour of a state, as its badge wears it. */
export function stateTone(state: string): '' | 'good' | 'warn' | 'bad' | 'accent' {
  if (/^(APROBADO|LISTO|ENTREGADO|LEIDA|ATENDIDA)$/.test(state)) return 'good'
  if (/^(NUEVO|SIN_LEER|PEDIDA|PENDIENTE)$/.test(state)) return 'warn'
  if (state === 'RECHAZADO') return 'bad'
  return state === 'EN_PREPARACION' ? 'accent' : ''
}
