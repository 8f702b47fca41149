import { limits } from './limits.ts'

export interface Message {
  readonly id: number
  readonly text: string
}

/** What the person is told and need not answer: each goes away by itself. */
export class MessageList {
  /** The oldest first. */
  all: readonly Message[] = $state.raw([])
  #count = 0

  readonly tell = (text: string): void => {
    const id = this.#count++
    this.all = [...this.all, { id, text }].slice(-limits.messagesMax)
    setTimeout(() => this.close(id), limits.messageMs)
  }

  close(id: number): void {
    this.all = this.all.filter((each) => each.id !== id)
  }
}
