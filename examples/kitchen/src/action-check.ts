import { Problem } from '../../backend/src/problem.ts'
import { limits } from './limits.ts'
import { type Action, type Priority, priorities, steps } from './thing.ts'

/** The action in the body of a request. Throws Problem 400 that says what is missing. */
export function actionOf(body: unknown): Action {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
  const text = (name: string, what: string): string => {
    const value = given[name]
    if (typeof value !== 'string' || value.trim() === '') throw new Problem(400, `Falta ${what}.`)
    return value.trim().slice(0, limits.textCharactersMax)
  }
  const id = text('id', 'el id de la acción')
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new Problem(400, 'El id de la acción es un UUID.')
  const act = text('act', 'la acción')
  if (act === 'rechazar')
    return { id, act, target: text('target', 'el comprobante'), reason: text('reason', 'el motivo') }
  if (act === 'pedir') {
    const { quantity } = given
    if (!Number.isInteger(quantity) || Number(quantity) < 1 || Number(quantity) > limits.quantityMax) {
      throw new Problem(400, `La cantidad va de 1 a ${limits.quantityMax}.`)
    }
    return {
      id,
      act,
      branch: text('branch', 'la sucursal'),
      product: text('product', 'el producto'),
      quantity: Number(quantity),
    }
  }
  if (act === 'alertar') {
    const priority = text('priority', 'la prioridad')
    if (!isPriority(priority)) throw new Problem(400, `La prioridad es una de ${priorities.join(', ')}.`)
    return { id, act, branch: text('branch', 'la sucursal'), text: text('text', 'el texto'), priority }
  }
  if (isStep(act)) return { id, act, target: text('target', 'a qué se refiere') }
  throw new Problem(400, `No hay acción ${act}.`)
}

function isPriority(text: string): text is Priority {
  return (priorities as readonly string[]).includes(text)
}

function isStep(text: string): text is Exclude<keyof typeof steps, 'rechazar'> {
  return text !== 'rechazar' && Object.hasOwn(steps, text)
}
