/** A pause of one turn of the event loop. A message channel, since timers are throttled in background tabs. */

const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

export function pause(): Promise<void> {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => {
      waiting.shift()?.();
    };
  }
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}
