/** A socket.io-client socket whose other end is the test. */
import type { ManagerOptions, Socket, SocketOptions } from "socket.io-client";

type Listener = (...args: never[]) => void;

export class FakeSocket {
  readonly sent: [type: string, content: unknown][] = [];
  readonly acks: ((outcome: unknown) => void)[] = [];
  closed = false;
  readonly io = {
    engine: {
      close: () => {
        this.closed = true;
      },
    },
  };
  private readonly listeners = new Map<string, Listener[]>();
  private readonly any: Listener[] = [];

  constructor(
    readonly origin: string,
    readonly options: Partial<ManagerOptions & SocketOptions>,
  ) {}

  on(name: string, listener: Listener): this {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
    return this;
  }

  onAny(listener: Listener): this {
    this.any.push(listener);
    return this;
  }

  offAny(): void {
    this.any.length = 0;
  }

  removeAllListeners(): void {
    this.listeners.clear();
  }

  emit(type: string, content: unknown, ack?: (outcome: unknown) => void): void {
    this.sent.push([type, content]);
    if (ack !== undefined) this.acks.push(ack);
  }

  disconnect(): void {
    this.closed = true;
  }

  get auth(): Record<string, unknown> {
    return this.options.auth as Record<string, unknown>;
  }

  /** Contents that were sent under this type. */
  contents(type: string): unknown[] {
    return this.sent.filter(([name]) => name === type).map(([, content]) => content);
  }

  // The hub's side.
  receive(type: string, content: unknown): void {
    for (const listener of [...this.any])
      (listener as (type: string, content: unknown) => void)(type, content);
  }

  happen(name: "connect_error" | "disconnect", value: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) (listener as (value: unknown) => void)(value);
  }

  welcome(change: Record<string, unknown> = {}): void {
    this.receive("welcome", {
      session: "s1",
      id: "t1",
      protocol: 1,
      hub: { version: "1" },
      server_time: 0,
      resumed: false,
      count: 0,
      limits: {
        max_payload: 10_000,
        session_seconds: 60,
        confirm_every: 3,
        reconnect_min: 1,
        reconnect_max: 8,
      },
      ...change,
    });
  }
}

/** Opens fake sockets and remembers them, newest last. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];

  readonly open = (origin: string, options: Partial<ManagerOptions & SocketOptions>): Socket => {
    const socket = new FakeSocket(origin, options);
    this.sockets.push(socket);
    return socket as unknown as Socket;
  };

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}
