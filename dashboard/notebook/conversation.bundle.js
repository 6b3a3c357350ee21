var h=`:host { display: block; height: 100%; min-height: 0; }
.conversation {
  --soft: var(--mui-palette-text-secondary, #5b6470);
  --line: var(--mui-palette-divider, rgba(0, 0, 0, .12));
  --accent: var(--mui-palette-primary-main, #1c5d99);
  --bad: var(--mui-palette-error-main, #b3261e);
  --warn: var(--mui-palette-warning-main, #9a5b00);
  --good: var(--mui-palette-success-main, #1b6b3a);
  position: relative; height: 100%; min-height: 0; box-sizing: border-box;
  color: var(--mui-palette-text-primary, #1d2430);
  font: 14px/1.45 var(--mui-font-family, system-ui, "Segoe UI", Roboto, sans-serif);
}
.list {
  height: 100%; overflow-y: auto; overflow-anchor: none; box-sizing: border-box;
  padding: 12px 14px 16px; scrollbar-width: thin; scrollbar-gutter: stable;
}
.list:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px;
}
.item { margin: 0 0 8px; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; }
.label { font-size: 11.5px; color: var(--soft); margin-bottom: 1px; }
.heard {
  margin: 16px 0 10px 36px; padding: 8px 12px; border-radius: 12px 12px 3px 12px;
  background: color-mix(in srgb, var(--accent) 13%, transparent);
}
.heard:first-child { margin-top: 0; }
.heard.interim { background: none; box-shadow: inset 0 0 0 1px var(--line); }
.heard.interim .text { color: var(--soft); font-style: italic; }
.heard.meaning-noise .text, .heard.meaning-backchannel .text { color: var(--soft); }
.said, .spoken { margin-right: 18px; }
.speech-speaking .text { text-decoration: underline; text-decoration-color: var(--accent); text-underline-offset: 4px; }
.speech-cut .text { color: var(--soft); }
.speech-cut .text::after { content: " \u2014 cut off"; font-size: 12px; }
.progress .text, .note .text { color: var(--soft); font-size: 13px; }
.note.tone-stop .text { color: var(--bad); font-weight: 600; }
.note.tone-warning .text { color: var(--warn); }
.thinking summary { color: var(--soft); font-size: 12.5px; cursor: pointer; }
.thinking .text { color: var(--soft); font-size: 13px; border-left: 2px solid var(--line); padding-left: 10px; margin-top: 4px; }
.action { border-left: 2px solid var(--line); padding: 1px 0 1px 10px; }
.action summary { list-style: none; cursor: pointer; }
.action summary::-webkit-details-marker { display: none; }
.action .head { display: flex; gap: 8px; align-items: baseline; font-size: 13px; }
.action .title { flex: 1; min-width: 0; }
.action .mark { flex: none; width: 8px; height: 8px; border-radius: 50%; background: var(--soft); align-self: center; }
.action.state-done .mark { background: var(--good); }
.action.state-failed .mark { background: var(--bad); border-radius: 1px; }
.action.state-skipped .mark, .action.state-waiting .mark { background: none; box-shadow: inset 0 0 0 2px var(--soft); }
.action.state-running .mark { background: var(--accent); }
.action.state-running { border-left-color: var(--accent); }
.action.state-skipped .title { color: var(--soft); text-decoration: line-through; }
.action .side { flex: none; display: flex; gap: 8px; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.action.state-failed .word { color: var(--bad); }
.action .thumb { display: block; width: 144px; height: auto; margin: 5px 0 2px 16px; border-radius: 5px; border: 1px solid var(--line); }
.action details[open] .thumb { display: none; }
.action .full { display: block; width: 100%; height: auto; margin-top: 6px; border-radius: 6px; border: 1px solid var(--line); }
.where { color: var(--soft); font-size: 12px; margin: 2px 0 0 16px; }
pre {
  margin: 5px 0 2px; padding: 8px 10px; max-height: 180px; overflow: auto; border-radius: 6px; white-space: pre-wrap;
  background: color-mix(in srgb, var(--soft) 12%, transparent); font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", monospace;
}
.outcome { border-top: 1px solid var(--line); padding-top: 8px; margin-top: 12px; }
.outcome .label { font-weight: 600; color: var(--good); font-size: 13px; }
.outcome .label::first-letter { text-transform: uppercase; }
.outcome.outcome-answered .label, .outcome.outcome-ended .label { color: var(--soft); }
.outcome.outcome-failed .label, .outcome.outcome-stopped .label, .outcome.outcome-limit .label, .outcome.outcome-refused .label { color: var(--bad); }
/* Panel has an .error of its own, white on light red, for components that do not compile. */
.item.error {
  border: 1px solid var(--bad); border-left-width: 4px; border-radius: 8px; padding: 9px 12px;
  color: inherit; background: color-mix(in srgb, var(--bad) 7%, transparent);
}
.error .text { font-weight: 600; }
.error .advice { margin-top: 3px; }
.approval, .question { border-radius: 10px; padding: 12px 14px; border: 1px solid var(--line); }
.approval .text, .question .text { font-weight: 600; font-size: 15px; }
.open.approval, .open.question {
  border: 2px solid var(--warn); background: color-mix(in srgb, var(--warn) 10%, var(--mui-palette-background-paper, #fff));
  position: sticky; bottom: 0; z-index: 1;
}
.open .label { color: var(--mui-palette-text-primary, #1d2430); font-weight: 600; }
.verdict { margin-top: 4px; color: var(--soft); }
.buttons { display: flex; gap: 8px; margin: 10px 0 6px; }
.hint { font-size: 12.5px; color: var(--soft); }
button {
  font: inherit; border-radius: 8px; border: 1px solid var(--line); background: var(--mui-palette-background-paper, #fff);
  color: inherit; padding: 7px 16px; cursor: pointer; min-height: 36px;
}
button:disabled { opacity: .55; cursor: default; }
button.allow { background: var(--accent); border-color: var(--accent); color: var(--mui-palette-primary-contrastText, #fff); font-weight: 600; }
button.deny { font-weight: 600; flex: none; }
.buttons input { flex: 1; min-width: 0; font: inherit; color: inherit; background: none; border: 1px solid var(--soft); border-radius: 8px; padding: 6px 10px; }
.more { position: absolute; left: 50%; bottom: 10px; transform: translateX(-50%); border-radius: 18px; box-shadow: 0 2px 8px rgba(0, 0, 0, .25); z-index: 2; }
.empty { position: absolute; inset: 0; display: flex; flex-direction: column; justify-content: center; gap: 8px; padding: 20px; pointer-events: none; }
.empty > * { pointer-events: auto; }
.empty h2 { margin: 0; font-size: 19px; font-weight: 600; }
.empty p { margin: 0 0 8px; color: var(--soft); }
.example { text-align: left; font-size: 13.5px; }
.example:hover { border-color: var(--accent); }
[hidden] { display: none !important; }
/* In steps, as the state's dot is. */
@media (prefers-reduced-motion: no-preference) {
  .streaming:last-child .text::after { content: ""; display: inline-block; width: 7px; height: 1em; margin-left: 2px; vertical-align: -2px; background: var(--accent); opacity: .5; animation: pulse 1.1s steps(4) infinite; }
  .action.state-running .mark { animation: pulse 1.1s steps(4) infinite; }
}
@keyframes pulse { 50% { opacity: .15; } }
`;var u={waiting:"next",running:"now",done:"done",failed:"failed",skipped:"not run",allow:"Allowed",deny:"Denied",void:"No longer asked",timeout:"No answer in time: denied",alternative:"Something else was asked for",answered:"Answered",ended:"Ended",stopped:"Stopped",limit:"Limit reached",refused:"Refused"},b={voice:"You said",typed:"You typed",terminal:"From the terminal",api:"Asked",button:"You pressed"};function v(e){return e<.095?`${Math.max(1,Math.round(1e3*e))} ms`:`${e.toFixed(1)} s`}function n(e,t="",o=""){let r=document.createElement(e);return t&&(r.className=t),o&&(r.textContent=o),r}function w(e){return new Date(e*1e3).toLocaleTimeString([],{hour:"2-digit",minute:"2-digit",second:"2-digit"})}function p(e,t){let o=n("div","text",e.text);return t?[n("div","label",t),o]:[o]}function y(e){let t=n("div","head");t.append(n("span","mark"),n("span","title",e.title));let o=n("span","side");e.seconds>0&&o.append(n("span","seconds",v(e.seconds))),e.state!=="done"&&o.append(n("span","word",u[e.state]||e.state)),t.append(o);let r=e.rule?[n("div","where",e.rule)]:[];if(!e.output&&!e.image)return[t,...r];let i=n("details");i.open=e.state==="failed"||e.open===!0,i.addEventListener("toggle",()=>{e.open=i.open});let a=n("summary");return a.append(t),e.image&&a.append(f(e,"thumb")),i.append(a,...r),e.where&&i.append(n("div","where",`in ${e.where}`)),e.output&&i.append(n("pre","",e.output)),e.image&&i.append(f(e,"full")),[i]}function f(e,t){let o=n("img",t);o.loading="lazy",o.decoding="async",o.alt=t==="thumb"?"":`The screen after: ${e.title}`;let[r,i]=e.size;return o.width=r,o.height=i,o.src=e.image,o}function k(e,t){let o=[n("div","label","May I?"),n("div","text",e.text)];if(e.decision)return[...o,n("div","verdict",u[e.decision]||e.decision)];let r=n("div","buttons");for(let[a,s]of[["allow","Allow"],["deny","Deny"]]){let d=n("button",a,s);d.type="button",d.addEventListener("click",()=>{for(let l of r.children)l.disabled=!0;t({type:"approve",id:e.id,decision:a})}),r.append(d)}let i=e.phrase&&!e.text.includes(e.phrase)?`or say \u201C${e.phrase}\u201D \xB7 no answer means no`:"No answer means no.";return[...o,r,n("div","hint",i)]}function z(e,t){let o=[n("div","label","A question for you"),n("div","text",e.text)];if(e.answer!==null)return[...o,n("div","verdict",e.answer)];let r=n("form","buttons"),i=n("input");i.type="text",i.autocomplete="off",i.setAttribute("aria-label","Your answer"),i.placeholder="Your answer, or say it";let a=n("button","allow","Answer");return r.append(i,a),r.addEventListener("submit",s=>{s.preventDefault(),i.value.trim()&&(i.disabled=a.disabled=!0,t({type:"answer",id:e.id,text:i.value.trim()}))}),[...o,r]}var E={heard:e=>p(e,b[e.source]||"Heard"),said:e=>p(e),spoken:e=>p(e),thinking:e=>{let t=n("details");return t.open=e.open===!0,t.addEventListener("toggle",()=>{e.open=t.open}),t.append(n("summary","","Thought"),n("div","text",e.text)),[t]},progress:e=>p(e),note:e=>p(e),action:y,approval:k,question:z,outcome:e=>{let t=e.outcome==="done"?"Done":u[e.outcome]||"Failed";return e.text?[n("div","label",t),n("div","text",e.text)]:[n("div","label",t)]},error:e=>e.advice?[n("div","text",e.text),n("div","advice",e.advice)]:p(e)};function S(e){let t=["item",e.kind];for(let o of["state","tone","outcome","speech","meaning"])e[o]&&t.push(`${o}-${e[o]}`);return e.interim&&t.push("interim"),e.streaming&&t.push("streaming"),(e.kind==="approval"&&!e.decision||e.kind==="question"&&e.answer===null)&&t.push("open"),t.join(" ")}var c=class{constructor(t){this.send=t,this.items=new Map,this.root=n("section","conversation"),this.list=n("div","list"),this.list.setAttribute("role","log"),this.list.setAttribute("aria-label","Conversation"),this.list.tabIndex=0,this.empty=n("div","empty"),this.empty.append(n("h2","","What shall I do?"),n("p","","Say it or type it. You can cut in at any time."),...["Open the text editor and type hello world.","Create a file called shopping list with the text milk, eggs and bread.","What can I say?"].map(o=>{let r=n("button","example",o);return r.type="button",r.addEventListener("click",()=>t({type:"say",text:o})),r})),this.more=n("button","more","\u2193 newest"),this.more.type="button",this.more.hidden=!0,this.more.addEventListener("click",()=>this.follow(!0)),this.list.addEventListener("scroll",()=>{this.more.hidden=this.near()},{passive:!0}),this.root.append(this.list,this.empty,this.more),this.observer=new ResizeObserver(()=>{this.more.hidden&&this.follow(!0)}),this.observer.observe(this.list)}near(){return this.list.scrollHeight-this.list.scrollTop-this.list.clientHeight<48}follow(t=!1){t&&(this.list.scrollTop=this.list.scrollHeight),this.more.hidden=this.near()}apply({operations:t,reset:o}){let r=this.near()||o;o&&(this.items.clear(),this.list.replaceChildren());for(let i of t)i.put?this.put(i.put):this.append(i);for(;this.list.childElementCount>400;)this.items.delete(this.list.firstElementChild.dataset.id),this.list.firstElementChild.remove();this.empty.hidden=this.items.size>0,r?this.follow(!0):this.follow()}put(t){let o=this.items.get(t.id);o&&(t.open=o.item.open);let r=o?o.node:n("article");r.className=S(t),r.dataset.id=t.id,r.title=w(t.at),o&&A(o.item,t)||r.replaceChildren(...(E[t.kind]||p)(t,this.send)),o||this.insert(r,t.n),this.items.set(t.id,{item:t,node:r}),t.kind==="approval"&&!t.decision&&!o&&r.scrollIntoView({block:"nearest"})}insert(t,o){let r=null;for(let i=this.list.lastElementChild;i&&Number(i.dataset.n)>o;i=i.previousElementSibling)r=i;t.dataset.n=o,this.list.insertBefore(t,r)}append({append:t,text:o}){let r=this.items.get(t);r&&(r.item.text+=o,r.node.querySelector(".text")?.append(o))}};function A(e,t){return t.kind==="approval"&&e.decision===t.decision||t.kind==="question"&&e.answer===t.answer}function x({model:e}){let t=new c(o=>e.send_msg(o));return e.on("msg:custom",o=>t.apply(o)),e.on("remove",()=>t.observer.disconnect()),queueMicrotask(()=>e.send_msg({type:"ready"})),t.root}function g(e,t){e.setAttribute("data-lm-suppress-shortcuts","true"),e.replaceChildren(t)}function C({model:e,el:t}){let o=document.createElement("div");o.style.height="100%";let r=o.attachShadow({mode:"open"}),i=document.createElement("style");i.textContent=h;let a={send_msg:s=>e.send(s),on:(s,d)=>e.on(s,l=>d(l))};r.append(i,x({model:a})),g(t,o)}var $={render:C};export{$ as default};
