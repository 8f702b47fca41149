import { branches, isBranch } from '../src/branches.ts'
import type { Priority } from '../src/thing.ts'

export const clock = new Intl.DateTimeFormat('es', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export function branchTitle(branch: string): string {
  return isBranch(branch) ? branches[branch] : branch
}

/** Minutes and seconds, as a cook reads them from afar. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export function priorityTone(priority: Priority): 'cool' | 'warn' | 'bad' {
  return priority === 'urgente' ? 'bad' : priority === 'alta' ? 'warn' : 'cool'
}

/** A kind of thing and its id, as the record has them, in words. */
export function entityWord(entity: string): string {
  return entity.replace(/^reposicion /, 'reposición ')
}

/** The colour of a state, as its badge wears it. */
export function stateTone(state: string): '' | 'good' | 'warn' | 'bad' | 'accent' {
  if (/^(APROBADO|LISTO|ENTREGADO|LEIDA|ATENDIDA)$/.test(state)) return 'good'
  if (/^(NUEVO|SIN_LEER|PEDIDA|PENDIENTE)$/.test(state)) return 'warn'
  if (state === 'RECHAZADO') return 'bad'
  return state === 'EN_PREPARACION' ? 'accent' : ''
}
