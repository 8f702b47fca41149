/** A socket as a session sees it, whatever transport is under it. */
export interface Link {
  /** Address of the peer, as text. */
  readonly ip: string
  /** Bytes that were handed over and not yet taken by the system. */
  readonly bufferedBytes: number
  /**
   * Sends one message; the bytes are copied before it returns. False when some of them wait in the
   * buffer of the socket.
   */
  send(message: Uint8Array, binary: boolean): boolean
  /**
   * Asks for a pong, which comes once what was sent before was read; where the transport has none,
   * nothing happens.
   */
  ping(): void
  /** Closes with a code of RFC 6455 section 7.4 and a reason of at most 123 bytes. */
  close(code: number, reason: string): void
}
