// Sends a number to Python and waits for it to come back.
export function render({model}) {
  const waiting = new Map()
  model.on("msg:custom", event => {
    const {n} = event.data ?? event
    waiting.get(n)?.()
    waiting.delete(n)
  })
  let last = 0
  window.echo = () => new Promise(resolve => {
    const began = performance.now(), mine = ++last
    waiting.set(mine, () => resolve(performance.now() - began))
    model.send_msg({n: mine})
  })
  return document.createElement("span")
}
