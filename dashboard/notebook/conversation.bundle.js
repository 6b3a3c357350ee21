/*! Contains preact, @preact/signals (MIT) and htm (Apache-2.0): see dashboard/js/preact.LICENSE.txt */
var x,ve,It,D,Lt,dt,me,pt,ge,Ht,Dt,gn,X=Symbol.for("pv"),ht={},_t=[],xn=/^m(i|n|o|s|text|space)$/,zt=Array.isArray,Ft=_t.slice,W=Object.assign;function j(e){e&&e.parentNode&&e.remove()}function vt(e,t,n){var o,r,i,a={},s=arguments.length;for(i in t)i=="key"?o=t[i]:i=="ref"&&typeof e!="function"?r=t[i]:a[i]=t[i];return s>2&&(a.children=s>3?Ft.call(arguments,2):n),Q(e,a,o,r,null)}function Q(e,t,n,o,r){var i={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:X,__v:r||++ve,__i:-1,__u:0};return!r&&x.vnode&&x.vnode(i),i}function B(e){return e.children}function I(e,t){this.props=e,this.context=t,this.__g=0}function H(e,t){if(t==null)return e.__&&H(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:H(e)}function bn(e){var t,n=e.__v,o=n.__e,r=[],i=[],a=e.__P;a&&((t=W({constructor:X},n)).__v=n.__v+1,x.vnode&&x.vnode(t),qt(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||H(n),32&n.__u,i),t.__v=n.__v,t.__.__k[t.__i]=t,ke(r,t,i),n.__=n.__e=null,t.__e!=o&&xe(t))}function xe(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),xe(e)}function he(e){(8&e.__g||(e.__g|=8,D.push(e),dt++))&&Lt==x.debounceRendering||((Lt=x.debounceRendering)||queueMicrotask)(be)}function be(){try{for(var e,t=1;D.length;)D.length>t&&D.sort(me),e=D.shift(),t=D.length,8&e.__g&&bn(e)}finally{(dt=D.length)&&(Lt||queueMicrotask)(be)}}function ye(e,t,n,o,r,i,a,s,p,f,c){var m,d,l,h,w,g,_=o.__k||_t,v=t.length;for(p=yn(n,t,_,p,v),m=0;m<v;m++)(l=n.__k[m])!=null&&(d=~l.__i&&_[l.__i]||ht,l.__i=m,g=qt(e,l,d,r,i,a,s,p,f,c),h=l.__e,(d.ref!=l.ref||8&d.__u)&&(d.ref&&Ut(d.ref,null,l,d),l.ref&&c.push(l.ref,l.__c||h,l)),w=w||h,4&l.__u?(p=we(l,p,e,!d.__v),d.__e&&(d.__e=null)):typeof l.type=="function"&&g!==void 0?p=g:h&&(p=h.nextSibling),l.__u&=-21);return n.__e=w,p}function yn(e,t,n,o,r){var i,a,s,p,f,c,m,d,l,h=n.length,w=h,g=0,_=0,v=e.__k=Array(r);for(i=0;i<r;i++)(a=t[i])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=v[i]=Q(null,a):zt(a)?a=v[i]=Q(B,{children:a}):a.constructor===X&&a.__b?a=v[i]=Q(a.type,a.props,a.key,a.ref,a.__v):v[i]=a,p=i+g,a.__=e,a.__b=e.__b+1,s=null,~(f=a.__i=wn(a,n,p,w))&&(w--,(s=n[f])&&(s.__u|=2)),s&&s.__v?(a.__u|=16,f==p-1?g--:f==p+1?g++:f!=p&&(f>p?g--:g++,_=1)):(~f||(r>h?g--:r<h&&g++),typeof a.type!="function"&&(a.__u|=4))):v[i]=null;if(_){for(c=[],m=[],i=0;i<r;i++)if((a=v[i])&&16&a.__u){for(g=0,d=c.length;g<d;)c[l=g+d>>1]<a.__i?g=l+1:d=l;c[g]=a.__i,m[i]=g+1}for(g=c.length;i--;)m[i]&&(m[i]==g?g--:v[i].__u|=4)}if(w)for(i=0;i<h;i++)!(s=n[i])||2&s.__u||(s.__e==o&&(o=H(s)),Rt(s,s));return o}function we(e,t,n,o){var r,i,a,s;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(i=0;i<r.length;i++)r[i]&&(r[i].__=e,t=we(r[i],t,n,!1));return t}for(t&&!t.parentNode&&(t=H(e))&&!t.parentNode&&(t=null),a=e.__e,s=t;s&&s.nodeType==8;)s=s.nextSibling;for(a!=s&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function wn(e,t,n,o){var r,i=e.key,a=e.type,s=t[n],p=s&&!(2&s.__u);if(s===null&&i==null||p&&i==s.key&&a==s.type)return n;if(o>(p?1:0)){for(r=n-1;r>=0;r--)if((s=t[r])&&!(2&s.__u)&&i==s.key&&a==s.type)return r;for(r=n+1;r<t.length;r++)if((s=t[r])&&!(2&s.__u)&&i==s.key&&a==s.type)return r}return-1}function _e(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function ct(e,t,n,o,r){var i,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||_e(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||_e(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=Dt[t]||(Dt[t]=$n(t)),(e.__a||(e.__a={}))[t]=Ht,i=t!=(t=t.replace(ge,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,i):e.removeEventListener(t,a,i));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function $n(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[pt]==null)t[pt]=Ht++;else if(t[pt]<this.__a[e])return;return n(x.event?x.event(t):t)}}}function qt(e,t,n,o,r,i,a,s,p,f){var c,m,d,l,h,w,g,_,v,M,$,Ot,fe,ut,U,de,L,R,P=t.type;if(t.constructor!==X)return null;128&n.__u&&(p=32&n.__u,c=n.__c.__z)&&(t.__u|=p,m=i=[],c.nodeType==8?s=ft(c,i):i.push(c),s=i[0]||s),(c=x.__b)&&c(t);t:if(typeof P=="function"){d=a.length;try{if(_=t.props,v=(c=P.prototype)&&c.render,M=(c=P.contextType)&&o[c.__c],$=c?M?M.props.value:c.__:o,(l=n.__c)?(t.__c=l,2&l.__g&&(l.__g|=1)):(v?t.__c=l=new P(_,$):(t.__c=l=new I(_,$),l.constructor=P,l.render=Sn),M&&M.sub(l),l.state||(l.state={}),l.__n=o,l.__g|=8,l.__h=[],l.__k=[]),v&&(l.__s||(l.__s=l.state),P.getDerivedStateFromProps&&(l.__s==l.state&&(l.__s=W({},l.__s)),W(l.__s,P.getDerivedStateFromProps(_,l.__s)))),h=l.props,w=l.state,l.__v=t,n.__c){if(_!==h&&v&&!P.getDerivedStateFromProps&&l.componentWillReceiveProps&&l.componentWillReceiveProps(_,$),t.__v==n.__v&&!(8&l.__g)||!(4&l.__g)&&l.shouldComponentUpdate&&l.shouldComponentUpdate(_,l.__s,$)===!1){t.__v!=n.__v&&(l.props=_,l.state=l.__s,l.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(T){T&&(T.__=t)}),_t.push.apply(l.__h,l.__k),l.__k=[],l.__h.length&&a.push(l),s=H(n);break t}l.componentWillUpdate&&l.componentWillUpdate(_,l.__s,$),v&&l.componentDidUpdate&&l.__h.push(function(){l.componentDidUpdate(h,w,g)})}else v&&!P.getDerivedStateFromProps&&l.componentWillMount&&l.componentWillMount(),v&&l.componentDidMount&&l.__h.push(l.componentDidMount);l.context=$,l.props=_,l.__P=e,l.__g&=-5,Ot=x.__r,fe=v?25:0;do l.__g&=-9,Ot&&Ot(t),c=l.render(l.props,l.state=l.__s,l.context);while(8&l.__g&&++fe<25);v&&(_t.push.apply(l.__h,l.__k),l.__k=[]),l.state=l.__s,l.getChildContext&&(o=W({},o,l.getChildContext())),v&&n.__c&&l.getSnapshotBeforeUpdate&&(g=l.getSnapshotBeforeUpdate(h,w)),ut=c&&c.type===B&&c.key==null?c.props.children:c,_.__P&&(c=s,r=(e=_.__P).namespaceURI,p=i=null,n.props&&n.props.__P!=e&&(n.__k.some(function(T){T&&Rt(T,T)}),n.__k=null),s=n.__k?H(n,0):null),s=ye(e,zt(ut)?ut:[ut],t,n,o,r,i,a,s,p,f),_.__P&&(t.__e=null,s=c),t.__u&=-161,m&&m.some(j),l.__h.length&&a.push(l),1&l.__g&&(l.__g&=-4)}catch(T){if(a.length=d,t.__v=null,p||i)if(T&&T.then){if(t.__u|=128|p,i){for(~(L=i.indexOf(s||void 0))||(L=i.length);(R=i[L-1])&&R.nodeType==8;)L--;for(;L<i.length;L++)if(R=i[L])if(i[L]=null,U){if(R==de)break}else{if(R.nodeType!=8)break;R.data.startsWith("$s")&&(de=ft(U=R))}}if(!U){for(;s&&s.nodeType==8&&s.nextSibling;)s=s.nextSibling;U=s}(c=ft(U=t.__c.__z||(t.__c.__z=U)))?(t.__e=U,s=c):t.__e=s,s=s&&s.nextSibling}else i&&i.some(j);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),T&&T.then||$e(t),x.__e(T,t,n)}}else s=t.__e=kn(n.__e,t,n,o,r,i,a,p,f,e);return(c=x.diffed)&&c(t),s}function ft(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function $e(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some($e))}function ke(e,t,n){for(var o=0;o<n.length;)Ut(n[o++],n[o++],n[o++]);x.__c&&x.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(i){i.call(r)})}catch(i){x.__e(i,r.__v)}})}function kn(e,t,n,o,r,i,a,s,p,f){var c,m,d,l,h,w,g,_,v=n.props||ht,M=t.props,$=t.type;if($=="svg"?r="http://www.w3.org/2000/svg":$=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),i){for(c=0;c<i.length;c++)if((h=i[c])&&($?h.localName==$:h.nodeType==3)){e=h,i[c]=null;break}}if(!e){if(_=f.ownerDocument||document,!$)return _.createTextNode(M);e=_.createElementNS(r,$,M.is?M:f),s&&(x.__m&&x.__m(t,i),s=!1),i=null}if($){if(f=$=="template"&&e.content||e,i=$=="textarea"&&M.defaultValue!=null?null:i&&Ft.call(f.childNodes),!s&&i)for(v={},c=0;c<e.attributes.length;c++)v[(h=e.attributes[c]).name]=h.value;for(c in v)h=v[c],c=="dangerouslySetInnerHTML"?d=h:c=="children"||c in M||c=="value"&&"defaultValue"in M||c=="checked"&&"defaultChecked"in M||ct(e,c,null,h,r);for(c in M)h=M[c],c=="children"?l=h:c=="dangerouslySetInnerHTML"?m=h:c=="value"?w=h:c=="checked"?g=h:s&&typeof h!="function"||v[c]===h||ct(e,c,h,v[c],r);m?(s||d&&(m.__html==d.__html||m.__html==e.innerHTML)||(e.innerHTML=m.__html),t.__k=[]):(d&&(e.textContent=""),($=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&xn.test($))&&(r="http://www.w3.org/1999/xhtml"),ye(f,zt(l)?l:[l],t,n,o,r,i,a,i?i[0]:n.__k&&H(n,0),s,p),i&&i.some(j)),s&&$!="textarea"||(c="value",$=="progress"&&w==null?e.removeAttribute(c):w==null||w===e[c]&&($!="progress"||w)||ct(e,c,w,v[c],r),c="checked",g!=null&&g!=e[c]&&ct(e,c,g,v[c],r))}else v===M||s&&e.data==M||(e.data=M);return e}function Ut(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){x.__e(r,n)}}function Rt(e,t,n){var o,r,i,a;if(x.unmount&&x.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||Ut(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(s){x.__e(s,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&Rt(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=ft(o,i=[]))&&(o==e.__e&&i.some(j),j(r),j(o)),n||j(e.__e),e.__e=e.__c=e.__=null}function Sn(e,t,n){return this.constructor(e,n)}function jt(e,t){var n,o,r,i;x.__&&x.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=Q(B,{children:[e]}),r=[],i=[],qt(t,t.__k,o||ht,ht,t.namespaceURI,o?null:t.firstChild?Ft.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,i),ke(r,t.__k,i),t.__k.props.children=null}x={__e:function(e,t,n,o){for(var r,i,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(i=r.constructor)&&i.getDerivedStateFromError)&&r.setState(i.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(s){e=s}}throw dt=0,e}},ve=0,It=function(e){return e!=null&&e.constructor===X},I.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=W({},this.state)),typeof e=="function"&&(e=e(W({},n),this.props)),e&&(W(n,e),this.__v&&(t&&this.__k.push(t),he(this)))},I.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),he(this))},I.prototype.render=B,D=[],dt=0,me=function(e,t){return e.__v.__b-t.__v.__b},pt=Symbol(),ge=/(PointerCapture)$|Capture$/i,Ht=0,Dt={},gn=0;var et,C,Wt,Se,Mn=Object.is,Bt=0,Le=[],Vt=[],k=x,Me=k.__b,Ce=k.__r,Te=k.diffed,Ee=k.__c,Pe=k.unmount,Ne=k.__;function Kt(e,t){k.__h&&k.__h(C,e,Bt||t),Bt=0;var n=C.__H||(C.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function nt(e,t){var n=Kt(et++,3);!k.__s&&Yt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,C.__H.__h.push(n))}function mt(e,t){var n=Kt(et++,4);!k.__s&&Yt(n.__H,t)&&(n.__P=!1,n.__=e,n.u=t,C.__h.push(n))}function V(e){return Bt=5,N(function(){return{current:e}},[])}function N(e,t){var n=Kt(et++,7);return Yt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function Cn(){var e;do{for(;e=Vt.shift();)try{tt(e)}catch(n){k.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=Le.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(tt),t.__h.some(Zt),t.__h=[]}catch(n){t.__h=[],k.__e(n,e.__v)}}}while(Vt.length)}k.__b=function(e){C=null,Me&&Me(e)},k.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Ne&&Ne(e,t)},k.__r=function(e){Ce&&Ce(e),et=0;var t=(C=e.__c).__H;t&&(Wt==C?C.__h=[]:(t.__h.some(tt),t.__h.some(Zt),et=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),Wt=C},k.diffed=function(e){Te&&Te(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&Oe(Le.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),Wt=C=null},k.__c=function(e,t){t.some(function(n){try{n.__h.some(tt),n.__h=n.__h.filter(function(o){return!o.__||Zt(o)})}catch(o){n.__h=[function(){throw o}]}}),Ee&&Ee(e,t)},k.unmount=function(e){Pe&&Pe(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}r.__P=n,Oe(Vt.push(r))}else tt(r)}catch(i){t=i}}),o.__H=void 0,t&&k.__e(t,o.__v))};var Ae=typeof requestAnimationFrame=="function";function Tn(e){var t,n=function(){clearTimeout(o),Ae&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);Ae&&(t=requestAnimationFrame(n))}function Oe(e){e!=1&&Se==k.requestAnimationFrame||((Se=k.requestAnimationFrame)||Tn)(Cn)}function tt(e){var t=C,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),C=t}function Zt(e){var t=C;e.__c=e.__(),C=t}function Yt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!Mn(n,e[o])})}var En=Symbol.for("preact-signals");function yt(){if(A>1)A--;else{var e,t=!1;for((function(){var r=xt;for(xt=void 0;r!==void 0;){var i=r.S;if(i.v===r.v)for(var a=i.t;a!==void 0;a=a.x)a.i===r.i&&(a.i=i.i);r=r.o}})();it!==void 0;){var n=it;for(it=void 0,gt++;n!==void 0;){var o=n.u;if(n.u=void 0,n.f&=-3,!(8&n.f)&&Ie(n))try{n.c()}catch(r){t||(e=r,t=!0)}n=o}}if(gt=0,A--,t)throw e}}function z(e){if(A>0)return e();Gt=++Pn,A++;try{return e()}finally{yt()}}var ot,b=void 0;function rt(e){var t=b,n=ot;b=void 0,ot=void 0;try{return e()}finally{b=t,ot=n}}var it=void 0,A=0,gt=0,Pn=0,Gt=0,xt=void 0,bt=0;function De(e){if(b!==void 0){var t=e.n;if(t===void 0||t.t!==b)return t={i:0,S:e,p:b.s,n:void 0,t:b,e:void 0,x:void 0,r:t},b.s!==void 0&&(b.s.n=t),b.s=t,e.n=t,32&b.f&&e.S(t),t;if(t.i===-1)return t.i=0,t.n!==void 0&&(t.n.p=t.p,t.p!==void 0&&(t.p.n=t.n),t.p=b.s,t.n=void 0,b.s.n=t,b.s=t),t}}function S(e,t){this.v=e,this.i=0,this.n=void 0,this.t=void 0,this.l=0,this.W=t?.watched,this.Z=t?.unwatched,this.name=t?.name}S.prototype.brand=En;S.prototype.h=function(){return!0};S.prototype.S=function(e){var t=this,n=this.t;n!==e&&e.e===void 0&&(e.x=n,this.t=e,n!==void 0?n.e=e:rt(function(){var o;(o=t.W)==null||o.call(t)}))};S.prototype.U=function(e){var t=this;if(this.t!==void 0){var n=e.e,o=e.x;n!==void 0&&(n.x=o,e.e=void 0),o!==void 0&&(o.e=n,e.x=void 0),e===this.t&&(this.t=o,o===void 0&&rt(function(){var r;(r=t.Z)==null||r.call(t)}))}};S.prototype.subscribe=function(e){var t=this;return O(function(){var n=t.value;rt(function(){return e(n)})},{name:"sub"})};S.prototype.valueOf=function(){return this.value};S.prototype.toString=function(){return this.value+""};S.prototype.toJSON=function(){return this.value};S.prototype.peek=function(){var e=this;return rt(function(){return e.value})};Object.defineProperty(S.prototype,"value",{get:function(){var e=De(this);return e!==void 0&&(e.i=this.i),this.v},set:function(e){if(e!==this.v){if(gt>100)throw new Error("Cycle detected");(function(n){A!==0&&gt===0&&n.l!==Gt&&(n.l=Gt,xt={S:n,v:n.v,i:n.i,o:xt})})(this),this.v=e,this.i++,bt++,A++;try{for(var t=this.t;t!==void 0;t=t.x)t.t.N()}finally{yt()}}}});function y(e,t){return new S(e,t)}function Ie(e){for(var t=e.s;t!==void 0;t=t.n)if(t.S.i!==t.i||!t.S.h()||t.S.i!==t.i)return!0;return!1}function He(e){for(var t=e.s;t!==void 0;t=t.n){var n=t.S.n;if(n!==void 0&&(t.r=n),t.S.n=t,t.i=-1,t.n===void 0){e.s=t;break}}}function ze(e){for(var t=e.s,n=void 0;t!==void 0;){var o=t.p;t.i===-1?(t.S.U(t),o!==void 0&&(o.n=t.n),t.n!==void 0&&(t.n.p=o)):n=t,t.S.n=t.r,t.r!==void 0&&(t.r=void 0),t=o}e.s=n}function Z(e,t){S.call(this,void 0,t),this.x=e,this.s=void 0,this.g=bt-1,this.f=4}Z.prototype=new S;Z.prototype.h=function(){if(this.f&=-3,1&this.f)return!1;if((36&this.f)==32||(this.f&=-5,this.g===bt))return!0;if(this.g=bt,this.f|=1,this.i>0&&!Ie(this))return this.f&=-2,!0;var e=b;try{He(this),b=this;var t=this.x();(16&this.f||this.v!==t||this.i===0)&&(this.v=t,this.f&=-17,this.i++)}catch(n){this.v=n,this.f|=16,this.i++}return b=e,ze(this),this.f&=-2,!0};Z.prototype.S=function(e){if(this.t===void 0){this.f|=36;for(var t=this.s;t!==void 0;t=t.n)t.S.S(t)}S.prototype.S.call(this,e)};Z.prototype.U=function(e){if(this.t!==void 0&&(S.prototype.U.call(this,e),this.t===void 0)){this.f&=-33;for(var t=this.s;t!==void 0;t=t.n)t.S.U(t)}};Z.prototype.N=function(){if(!(2&this.f)){this.f|=6;for(var e=this.t;e!==void 0;e=e.x)e.t.N()}};Object.defineProperty(Z.prototype,"value",{get:function(){if(1&this.f)throw new Error("Cycle detected");var e=De(this);if(this.h(),e!==void 0&&(e.i=this.i),16&this.f)throw this.v;return this.v}});function F(e,t){return new Z(e,t)}function Fe(e){var t=e.j;if(e.j=void 0,typeof t=="function"){A++;var n=b;b=void 0;try{t()}catch(o){throw e.f&=-2,e.f|=8,Jt(e),o}finally{b=n,yt()}}}function Jt(e){for(var t=e.s;t!==void 0;t=t.n)t.S.U(t);e.x=void 0,e.s=void 0,Fe(e)}function Nn(e){if(b!==this)throw new Error("Out-of-order effect");ze(this),b=e,this.f&=-2;try{8&this.f&&Jt(this)}finally{yt()}}function K(e,t){this.x=e,this.j=void 0,this.s=void 0,this.u=void 0,this.f=32,this.name=t?.name,ot&&ot.push(this)}K.prototype.c=function(){var e=this.S();try{if(8&this.f||this.x===void 0)return;var t=this.x();typeof t=="function"&&(this.j=t)}finally{e()}};K.prototype.S=function(){if(1&this.f)throw new Error("Cycle detected");this.f|=1,this.f&=-9,Fe(this),He(this),A++;var e=b;return b=this,Nn.bind(this,e)};K.prototype.N=function(){2&this.f||(this.f|=2,this.u=it,it=this)};K.prototype.d=function(){this.f|=8,1&this.f||Jt(this)};K.prototype.dispose=function(){this.d()};function O(e,t){var n=new K(e,t);try{n.c()}catch(r){throw n.d(),r}var o=n.d.bind(n);return o[Symbol.dispose]=o,o}var qe,st,wt,An=typeof window<"u"&&!!window.__PREACT_SIGNALS_DEVTOOLS__;var Ue=[];O(function(){qe=this.N})();function Y(e,t){x[e]=t.bind(null,x[e]||function(){})}function at(e){if(wt){var t=wt;wt=void 0,t()}wt=e&&e.S()}function Re(e){var t=this,n=e.data,o=E(n);o.name="ReactiveDom",o.value=n;var r=N(function(){for(var s=t,p=t.__v;p=p.__;)if(p.__c){p.__c.__$f|=4;break}var f=F(function(){var l=o.value.value;return l===0?0:l===!0?"":l||""}),c=F(function(){return!Array.isArray(f.value)&&!It(f.value)}),m=O(function(){if(this.N=je,c.value){var l=f.value;s.__v&&s.__v.__e&&s.__v.__e.nodeType===3&&(s.__v.__e.data=l)}}),d=t.__$u.d;return t.__$u.d=function(){m(),d.call(this)},[c,f]},[]),i=r[0],a=r[1];return i.value?a.peek():a.value}Re.displayName="ReactiveTextNode";Object.defineProperties(S.prototype,{constructor:{configurable:!0,value:vt(B,null).constructor},type:{configurable:!0,value:Re},props:{configurable:!0,get:function(){var e=this;return{data:{get value(){return e.value}}}}},__b:{configurable:!0,value:1}});Y("__b",function(e,t){if(at(),st=void 0,typeof t.type=="string"){var n,o=t.props;for(var r in o)if(r!=="children"){var i=o[r];i instanceof S&&(n||(t.__np=n={}),n[r]=i,o[r]=i.peek())}}e(t)});Y("__r",function(e,t){if(e(t),t.type!==B){at();var n,o=t.__c;o&&(o.__$f&=-2,(n=o.__$u)===void 0&&(o.__$u=n=(function(r,i){var a;return O(function(){a=this},{name:i}),a.c=r,a})((function(r){return function(){var i;An&&((i=this.y)==null||i.call(this)),r.__$f|=1,r.setState({})}})(o),typeof t.type=="function"?t.type.displayName||t.type.name:""))),st=o,at(n)}});Y("__e",function(e,t,n,o){at(),st=void 0,e(t,n,o)});Y("diffed",function(e,t){at(),st=void 0;var n;if(typeof t.type=="string"&&(n=t.__e)){var o=t.__np,r=t.props,i=n.U;if(i)for(var a in i){var s=i[a];s===void 0||o&&a in o||(s.d(),i[a]=void 0)}if(o){i||(i={},n.U=i);for(var p in o){var f=i[p],c=o[p];f===void 0?(f=On(n,p,c,r),i[p]=f):f.o(c,r)}}}e(t)});function On(e,t,n,o){var r=t in e&&e.ownerSVGElement===void 0,i=y(n);return{o:function(a,s){i.value=a,o=s},d:O(function(){this.N=je;var a=i.value.value;o[t]!==a&&(o[t]=a,r?e[t]=a:a!=null&&(a!==!1||t[4]==="-")?e.setAttribute(t,a):e.removeAttribute(t))})}}Y("unmount",function(e,t){if(typeof t.type=="string"){var n=t.__e;if(n){var o=n.U;if(o){n.U=void 0;for(var r in o){var i=o[r];i&&i.d()}}}var a=t.__np;if(a){var s=t.props;for(var p in a)s[p]=a[p]}t.__np=void 0}else{var f=t.__c;if(f){f.__$f|=8;var c=f.__$u;c&&(f.__$u=void 0,c.d())}}e(t)});Y("__h",function(e,t,n,o){o<3&&(t.__$f|=2),e(t,n,o)});I.prototype.shouldComponentUpdate=function(e,t){if(this.__R)return!0;var n=this.__$u,o=n&&n.s!==void 0;for(var r in t)return!0;if(this.__f||typeof this.u=="boolean"&&this.u===!0){var i=2&this.__$f;if(!(o||i||4&this.__$f)||1&this.__$f)return!0}else if(!(o||4&this.__$f)||3&this.__$f)return!0;for(var a in e)if(a!=="__source"&&e[a]!==this.props[a])return!0;for(var s in this.props)if(!(s in e))return!0;return!1};function E(e,t){return N(function(){return y(e,t)},[])}function Qt(e,t){var n=V(e);return n.current=e,st.__$f|=4,N(function(){return F(function(){return n.current()},t)},[])}var Ln=function(e){queueMicrotask(function(){queueMicrotask(e)})};function Dn(){z(function(){for(var e;e=Ue.shift();)qe.call(e)})}function je(){Ue.push(this)===1&&(x.requestAnimationFrame||Ln)(Dn)}var Be=function(e,t,n,o){var r;t[0]=0;for(var i=1;i<t.length;i++){var a=t[i++],s=t[i]?(t[0]|=a?1:2,n[t[i++]]):t[++i];a===3?o[0]=s:a===4?o[1]=Object.assign(o[1]||{},s):a===5?(o[1]=o[1]||{})[t[++i]]=s:a===6?o[1][t[++i]]+=s+"":a?(r=e.apply(s,Be(e,s,n,["",null])),o.push(r),s[0]?t[0]|=2:(t[i-2]=0,t[i]=r)):o.push(s)}return o},We=new Map;function Ve(e){var t=We.get(this);return t||(t=new Map,We.set(this,t)),(t=Be(this,t.get(e)||(t.set(e,t=(function(n){for(var o,r,i=1,a="",s="",p=[0],f=function(d){i===1&&(d||(a=a.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?p.push(0,d,a):i===3&&(d||a)?(p.push(3,d,a),i=2):i===2&&a==="..."&&d?p.push(4,d,0):i===2&&a&&!d?p.push(5,0,!0,a):i>=5&&((a||!d&&i===5)&&(p.push(i,0,a,r),i=6),d&&(p.push(i,d,0,r),i=6)),a=""},c=0;c<n.length;c++){c&&(i===1&&f(),f(c));for(var m=0;m<n[c].length;m++)o=n[c][m],i===1?o==="<"?(f(),p=[p],i=3):a+=o:i===4?a==="--"&&o===">"?(i=1,a=""):a=o+a[0]:s?o===s?s="":a+=o:o==='"'||o==="'"?s=o:o===">"?(f(),i=1):i&&(o==="="?(i=5,r=a,a=""):o==="/"&&(i<5||n[c][m+1]===">")?(f(),i===3&&(p=p[0]),i=p,(p=p[0]).push(2,0,i),i=0):o===" "||o==="	"||o===`
`||o==="\r"?(f(),i=2):a+=o),i===3&&a==="!--"&&(i=4,p=p[0])}return f(),p})(e)),t),arguments,[])).length>1?t:t[0]}function Ze({model:e,view:t}){return typeof e.send_msg=="function"?In(e,t):Hn(e)}function In(e,t){return{key:t,get:n=>e[n],set:(n,o)=>{e[n]=o},send:n=>e.send_msg(n),on:(n,o)=>{n==="message"?e.on("msg:custom",r=>o(r?.data??r)):n==="remove"?e.on("remove",o):e.on(n.replace("change:",""),o)},children:n=>[e.get_child(n)].flat().filter(Boolean),close:()=>{}}}function Hn(e){let t=[];return{key:e,get:n=>e.get(n),set:(n,o)=>{e.set(n,o),e.save_changes()},send:(n,o)=>e.send(n,void 0,o),on:(n,o)=>{n!=="remove"&&(t.push([n==="message"?"msg:custom":n,o]),e.on(...t[t.length-1]))},children:()=>[],close:()=>{for(let[n,o]of t.splice(0))e.off(n,o)}}}function Ke(e,t){e.setAttribute("data-lm-suppress-shortcuts","true"),e.replaceChildren(t)}var u=Ve.bind(vt),zn=500,Xt=class{#t=new Map;#n=new Map;#e=new Set;constructor(t){this.adapter=t,t.on("message",(n,o)=>{z(()=>{for(let r of this.#e)r(n,o)})})}param(t){let n=this.#t.get(t);if(n)return n;let o=y(this.adapter.get(t));return this.#t.set(t,o),this.#o(t,o),o}set(t,n){this.adapter.set(t,n)}send(t,n){this.adapter.send(t,n)}listen(t){return this.#e.add(t),()=>{this.#e.delete(t)}}fill(t,n){if(!n)return void this.#n.delete(t);this.#n.set(t,n);let o=this.adapter.children(t);o.length===n.children.length&&o.every((i,a)=>i===n.children[a])||n.replaceChildren(...o)}attach(){z(()=>{for(let[t,n]of this.#t)n.value=this.adapter.get(t),this.#o(t,n)});for(let[t,n]of this.#n)this.fill(t,n)}report(t,n){let o=`${n instanceof Error?`${n.name}: ${n.message}`:n}`.slice(0,zn);console.error(t,n),this.send({type:"broke",where:t,text:o})}#o(t,n){this.adapter.on(`change:${t}`,()=>{n.value=this.adapter.get(t)})}};function kt(e,t){mt(()=>e.listen(t),[])}var te=class extends I{constructor(t){super(t),this.state={failed:!1}}componentDidCatch(t){this.setState({failed:!0}),this.props.host.report(this.props.where,t)}render(){return this.state.failed?u`<div class="broke" role="alert">
      <p>This part of the page does not work any more.</p>
      <button type="button" onClick=${()=>this.setState({failed:!1})}>Show it again</button>
    </div>`:this.props.children}},ee=new WeakMap;function Ye(){let e=document.createElement("div");return e.style.height="100%",e}var $t=class{constructor(t,n,o,r){this.adapter=t,this.host=new Xt(t),this.root=Ye(),this.target=r?this.#t(r):this.root,jt(u`<${te} host=${this.host} where=${n}><${o} host=${this.host} /><//>`,this.target),t.on("remove",()=>this.dispose())}attach(){this.host.attach(),this.adapter.on("remove",()=>this.dispose())}dispose(){ee.delete(this.adapter.key),this.adapter.close(),jt(null,this.target)}#t(t){let n=this.root.attachShadow({mode:"open"}),o=document.createElement("style");o.textContent=t;let r=Ye();return n.append(o,r),r}};function St(e,t,{css:n=""}={}){function o(a){let s=Ze(a);return a.view?r(s):i(s,a.el)}function r(a){let s=ee.get(a.key);s&&s.attach();let p=s??new $t(a,e,t,"");return ee.set(a.key,p),p.root}function i(a,s){let p=new $t(a,e,t,n);return Ke(s,p.root),()=>p.dispose()}return{render:o}}var Ge=`:host { display: block; height: 100%; min-height: 0; }
.conversation {
  --soft: var(--mui-palette-text-secondary, #5b6470);
  --line: var(--mui-palette-divider, rgba(0, 0, 0, .12));
  --accent: var(--mui-palette-primary-main, #1c5d99);
  --bad: var(--mui-palette-error-main, #b3261e);
  --warn: var(--mui-palette-warning-main, #9a5b00);
  --good: var(--mui-palette-success-main, #1b6b3a);
  position: relative; height: 100%; min-height: 0; box-sizing: border-box; display: flex; flex-direction: column;
  color: var(--mui-palette-text-primary, #1d2430);
  font: 14px/1.45 var(--mui-font-family, system-ui, "Segoe UI", Roboto, sans-serif);
}
.room { position: relative; flex: 1 1 0; min-height: 0; }
.list {
  height: 100%; overflow-y: auto; box-sizing: border-box;
  padding: 12px 14px 16px; scrollbar-width: thin; scrollbar-gutter: stable;
}
.list:focus-visible, pre:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px;
}
.item { margin: 0 0 8px; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; }
.text.folded { max-height: 14.5em; overflow: hidden; mask-image: linear-gradient(#000 75%, transparent); }
.label { font-size: 11.5px; color: var(--soft); margin-bottom: 1px; display: flex; justify-content: space-between; align-items: center; gap: 8px; min-height: 18px; }
.icon { width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }
.heard {
  margin: 16px 0 10px 36px; padding: 8px 12px; border-radius: 12px 12px 3px 12px;
  background: color-mix(in srgb, var(--accent) 13%, transparent);
}
.heard:first-child { margin-top: 0; }
.heard.interim { background: none; box-shadow: inset 0 0 0 1px var(--line); }
.heard.interim .text { color: var(--soft); font-style: italic; }
.heard.meaning-noise .text, .heard.meaning-backchannel .text { color: var(--soft); }
.fate, .link { font-size: 12.5px; color: var(--soft); margin-top: 3px; }
.item.heard.fate-kept > .fate, .item.heard.fate-cancelled > .fate { color: var(--warn); }
.item.heard.fate-replaced > .text { color: var(--soft); }
.choices { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 5px; }
.choices button { min-height: 28px; padding: 2px 10px; font-size: 12.5px; }
.queue { flex: none; max-height: 34%; overflow-y: auto; border-top: 1px solid var(--line); padding: 6px 14px 8px; box-sizing: border-box; }
.queue ol { margin: 0; padding: 0 0 0 20px; }
.queue li { margin: 4px 0; overflow-wrap: anywhere; }
.queue .wish { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.queue .title { font-size: 12.5px; font-weight: 600; margin-bottom: 2px; }
.queue .fate { margin-top: 0; }
.queue .choices { margin-top: 3px; }
.reply .text { border-left: 2px solid var(--accent); padding-left: 10px; }
.note.tone-task .text { color: inherit; font-weight: 600; }
.said, .spoken, .reply { position: relative; padding-right: 28px; }
.said > .copy, .reply > .copy { position: absolute; top: -2px; right: 0; }
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
.outcome.outcome-answered .label { color: var(--soft); }
.outcome.outcome-ended .label, .outcome.outcome-denied .label, .outcome.outcome-undone .label, .outcome.outcome-unclear .label { color: var(--warn); }
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
  margin: 0;
}
.dock { flex: 0 1 auto; max-height: 72%; overflow-y: auto; display: flex; flex-direction: column; gap: 8px; box-sizing: border-box; }
.dock.full { padding: 8px 10px 10px; border-top: 1px solid var(--line); }
.countdown { font-variant-numeric: tabular-nums; font-weight: 600; color: var(--mui-palette-text-primary, #1d2430); }
.countdown.soon { color: var(--bad); }
.open .label { color: var(--mui-palette-text-primary, #1d2430); font-weight: 600; }
.verdict { margin-top: 4px; color: var(--soft); }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0 6px; }
.buttons .remember { font-weight: 500; }
.hint + .hint { margin-top: 3px; }
.hint { font-size: 12.5px; color: var(--soft); }
button {
  font: inherit; border-radius: 8px; border: 1px solid var(--line); background: var(--mui-palette-background-paper, #fff);
  color: inherit; padding: 7px 16px; cursor: pointer; min-height: 36px;
}
button:disabled { opacity: .55; cursor: default; }
button.copy {
  display: inline-flex; align-items: center; gap: 4px; min-width: 24px; min-height: 24px; padding: 2px 4px; border: 0; border-radius: 6px;
  background: none; color: var(--soft); font-size: 12px; font-weight: 400; opacity: 0;
}
.label .copy { margin: -3px -4px -3px 0; }
.item:hover .copy, .item:focus-within .copy, .copy.told { opacity: 1; }
.copies { display: flex; gap: 8px; margin: 4px 0 0 12px; }
.copies:empty { display: none; }
.copies .copy { opacity: 1; }
button.copy:hover { color: inherit; background: color-mix(in srgb, var(--soft) 14%, transparent); }
@media (hover: none) { button.copy { opacity: 1; } }
button.fold { min-height: 28px; padding: 2px 10px; margin-top: 4px; font-size: 12.5px; }
.search { flex: none; display: flex; align-items: center; gap: 2px; padding: 8px 10px; border-bottom: 1px solid var(--line); }
.search input { flex: 1; min-width: 60px; box-sizing: border-box; font: inherit; color: inherit; background: none; border: 1px solid var(--soft); border-radius: 8px; padding: 6px 10px; }
.search .count { margin-left: 8px; font-size: 12px; color: var(--soft); white-space: nowrap; }
.search button, .finder { display: grid; place-items: center; width: 32px; min-height: 32px; padding: 0; border: 0; background: none; }
.search button:hover:not(:disabled), .finder:hover { background: color-mix(in srgb, var(--soft) 14%, transparent); }
.finder { position: absolute; top: 6px; right: 18px; z-index: 2; color: var(--soft); }
::highlight(sayso-found) { background: #ffd54a; color: #1d2430; }
button.allow { background: var(--accent); border-color: var(--accent); color: var(--mui-palette-primary-contrastText, #fff); font-weight: 600; }
button.deny { font-weight: 600; flex: none; }
.buttons input { flex: 1; min-width: 0; font: inherit; color: inherit; background: none; border: 1px solid var(--soft); border-radius: 8px; padding: 6px 10px; }
.more { position: absolute; left: 50%; bottom: 10px; transform: translateX(-50%); border-radius: 18px; box-shadow: 0 2px 8px rgba(0, 0, 0, .25); z-index: 2; }
.empty { position: absolute; inset: 0; display: flex; flex-direction: column; justify-content: safe center; gap: 8px; padding: 20px; overflow-y: auto; }
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
.papers { margin: 2px 0 0; padding: 0; list-style: none; display: grid; gap: 4px; }
.papers .name { overflow-wrap: anywhere; font-weight: 600; }
.papers .size { color: var(--soft); font-size: 12.5px; white-space: nowrap; }
.papers img { display: block; max-width: 160px; max-height: 110px; margin: 3px 0; border-radius: 5px; border: 1px solid var(--line); }

.back { border-top: 1px solid var(--line); padding-top: 8px; margin-top: 12px; }
.back .label { font-weight: 600; font-size: 13px; }
.back.state-partly .label, .back.state-failed .label, .back.state-cut .label { color: var(--warn); }
button.put-back { margin-top: 6px; padding: 3px 12px; min-height: 30px; font-size: 13px; }
.put-back-dialog {
  /* Above the bar with Stop, which is never covered. */
  inset: 8px 0 var(--bar, 84px); margin: auto; height: fit-content; max-height: calc(100dvh - 8px - var(--bar, 84px));
  box-sizing: border-box; width: min(620px, calc(100vw - 24px)); padding: 0; overflow: hidden; box-shadow: 0 8px 40px rgba(0, 0, 0, .35);
  border: 1px solid var(--line); border-radius: 12px; font: inherit;
  background: var(--mui-palette-background-paper, #fff); color: var(--mui-palette-text-primary, #1d2430);
}
.put-back-dialog:popover-open { display: flex; flex-direction: column; }
.put-back-dialog h2 { font-size: 17px; margin: 0; padding: 14px 18px 8px; }
.put-back-dialog h3 { font-size: 13px; margin: 14px 0 4px; }
.put-back-dialog .body { flex: 1 1 auto; min-height: 0; overflow-y: auto; padding: 0 18px; }
.put-back-dialog .body:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.put-back-dialog p { margin: 0 0 8px; }
.put-back-dialog .wrong { color: var(--bad); font-weight: 600; }
.put-back-dialog ul { list-style: none; margin: 0 0 8px; padding: 0; border: 1px solid var(--line); border-radius: 8px; }
.put-back-dialog li { padding: 6px 10px; overflow-wrap: anywhere; }
.put-back-dialog li + li { border-top: 1px solid var(--line); }
.put-back-dialog li label { display: flex; gap: 10px; align-items: baseline; cursor: pointer; }
.put-back-dialog .name { font-weight: 600; margin-right: 8px; }
.put-back-dialog .does { color: var(--soft); font-size: 13px; }
.put-back-dialog .created .does { color: var(--bad); }
.put-back-dialog .why { display: block; color: var(--warn); font-size: 13px; }
.put-back-dialog .buttons { flex: none; justify-content: flex-end; margin: 0; padding: 10px 18px 14px; border-top: 1px solid var(--line); }
.put-back-dialog .do { background: var(--accent); border-color: var(--accent); color: var(--mui-palette-primary-contrastText, #fff); }
@media (max-width: 760px) { .dock { max-height: calc(100% - 64px); } .put-back-dialog { --bar: 236px; } }
/* A window at 200 %: part of the conversation stays in sight, and what is asked can be answered without scrolling. */
@media (max-height: 480px) {
  .dock { max-height: 66%; }
  .dock.full { padding: 4px 6px; }
  .open.approval, .open.question { padding: 5px 10px; }
  .open .label { display: none; }
  .open .text { font-size: 14px; line-height: 1.3; max-height: 3.9em; overflow-y: auto; }
  .open .buttons { margin: 5px 0 3px; gap: 5px; }
  .open .buttons button { padding: 3px 9px; min-height: 30px; font-size: 13px; }
  .list { padding: 8px 12px; }
  .put-back-dialog { --bar: 50px; }
  .put-back-dialog h2 { padding: 8px 14px 4px; }
  .put-back-dialog .buttons { padding: 6px 14px 8px; }
}
@media (max-height: 480px) and (max-width: 520px) {
  .dock { max-height: 100%; }
  .put-back-dialog { --bar: 8px; left: 64px; right: 6px; width: auto; } /* Stop is in the rail */
}
`;var Mt="sayso-stop";var Ct=class{state="none";text="";press=null;#t=[];#n=0;constructor(t){this.parts=t}resume(){let t=qn(this.parts.store);t?.session&&this.parts.now()-t.since<6e5?this.#e(t):this.parts.store.removeItem(Mt)}stop(t){if(this.press)return this.hurry();let{now:n,store:o}=this.parts,r={press:crypto.randomUUID(),since:n(),...t};o.setItem(Mt,JSON.stringify(r)),this.#e(r)}hurry(){if(this.press){for(let t of this.#t.splice(0))t.abort();this.#r(this.press)}}answered(t){if(!this.press||t.press&&t.press!==this.press.press)return;this.press=null,this.parts.store.removeItem(Mt);for(let o of this.#t.splice(0))o.abort();this.#i(t.state,t.text??"");let n=++this.#n;this.parts.after(()=>{n===this.#n&&!this.press&&this.#i("none")},4e3)}#e(t){this.press=t,this.#i("sending"),this.parts.after(()=>{this.press===t&&this.#i("unanswered")},600),this.#o(t)}#o(t){if(this.press===t){if(this.parts.now()-t.since>6e5)return this.answered({state:"refused",text:"The server has not answered for ten minutes."});this.#r(t),this.parts.after(()=>this.#o(t),400)}}async#r(t){for(;this.#t.length>=3;)this.#t.shift()?.abort();let n=new AbortController;this.#t.push(n);try{let o=await this.parts.post(t,n.signal);this.press===t&&this.answered(o)}catch{}finally{this.#t=this.#t.filter(o=>o!==n)}}#i(t,n=""){this.state=t,this.text=n,this.parts.changed()}};function qn(e){try{return JSON.parse(e.getItem(Mt)??"null")}catch{return null}}var Un=4e3;function Rn(){try{return globalThis.sessionStorage??Je()}catch{return Je()}}function Je(){let e=new Map;return{getItem:t=>e.get(t)??null,setItem:(t,n)=>{e.set(t,n)},removeItem:t=>{e.delete(t)}}}var ne=class{standing="live";since=0;offset=null;shown=()=>({session:globalThis.saysoFrame?.session??"",task:""});#t=new Set;#n=new Set;#e=new Map;#o=new Set;also=()=>{};constructor(){this.stopping=new Ct({post:(t,n)=>this.#i(t,n),after:(t,n)=>{setTimeout(t,n)},now:()=>Date.now(),store:Rn(),changed:()=>this.#r()})}get live(){return this.standing==="live"||this.standing==="slow"}stop(){let{session:t,task:n}=this.shown(),o=this.offset===null?null:(Date.now()+this.offset)/1e3;this.stopping.stop({session:t,task:n,at:o})}deliver(t,n,o=crypto.randomUUID()){return this.#o.has(o)?Promise.resolve(!0):this.live?new Promise(r=>{let i=setTimeout(()=>this.taken(o,!1),Un);this.#e.set(o,a=>{clearTimeout(i),r(a)}),t.send({...n,receipt:o})}):Promise.resolve(!1)}taken(t,n=!0){n&&this.#o.add(t),this.#e.get(t)?.(n),this.#e.delete(t)}watch(t){return this.#t.add(t),()=>{this.#t.delete(t)}}onRestored(t){return this.#n.add(t),()=>{this.#n.delete(t)}}become(t,n){if(!(t===this.standing&&n===this.since)){if(this.standing=t,this.since=n,!this.live)for(let o of[...this.#e.keys()])this.taken(o,!1);this.#r()}}restored(){for(let t of[...this.#n])t()}#r(){for(let t of[...this.#t])t()}async#i(t,n){if(t.session||=this.shown().session,!t.session)throw new Error("The page does not know its session yet.");this.also(t);let o=JSON.stringify({press:t.press,session:t.session,task:t.task,at:t.at}),r=await fetch("stop",{method:"POST",body:o,signal:n,cache:"no-store",keepalive:!0});if(r.status>=500)throw new Error(`${r.status}`);return r.json()}},Qe=globalThis;Qe.saysoLink??=new ne;var Tt=Qe.saysoLink;var jn=48,Et=class{away=y(!1);#t=!0;#n=0;#e=null;#o=new ResizeObserver(()=>this.#i());attach(t){this.#o.disconnect(),this.#e=t,t?.firstElementChild&&(this.#o.observe(t),this.#o.observe(t.firstElementChild),this.#i())}now(){this.#t=!0,this.#i()}release(){this.#t=!1,requestAnimationFrame(()=>{this.#t=this.#r(),this.#i()})}scrolled(){let t=this.#e;if(!t)return;let n=t.scrollTop<this.#n-1;this.#n=t.scrollTop,this.#r()?this.#t=!0:n&&(this.#t=!1),this.away.value=!this.#r()}#r(){let t=this.#e;return!t||t.scrollHeight-t.scrollTop-t.clientHeight<jn}#i(){let t=this.#e;t&&(this.#t&&(t.scrollTop=t.scrollHeight),this.#n=t.scrollTop,this.away.value=!this.#r())}};var Xe="M20 11.500l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700L9.700 17.200a1.600 1.600 0 0 1-2.300-2.300l7.600-7.600";var Wn={copy:"M9 9h10v11H9ZM5 15V4h10",check:"M5 12.5l4.500 4.500L19 7.500",search:"M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20 20",close:"M6 6l12 12M18 6 6 18",up:"M6 15l6-6 6 6",down:"M6 9l6 6 6-6",keys:"M3 7h18v10H3ZM6.500 10.500h.010M10 10.500h.010M13.500 10.500h.010M17 10.500h.010M8 14h8",whole:"M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",wide:"M3 5h18v11H3ZM9 20h6M12 16v4",file:"M6 3h8l5 5v13H6ZM14 3v5h5",folder:"M3 6h6l2 2.500h10V19H3Z",clip:Xe,paste:"M8 5H5v16h14V5h-3M8 3.500h8v4H8Z",hold:"M9 5v14M15 5v14",go:"M7 4.500v15l12-7.500Z",bell:"M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15ZM10 20.500h4",speaker:"M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4ZM15.500 9a4.300 4.300 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",silent:"M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4ZM16 9.500l5 5M21 9.500l-5 5",sun:"M12 16.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM12 2v2.500M12 19.500V22M2 12h2.500M19.500 12H22M5 5l1.800 1.800M17.200 17.200 19 19M5 19l1.800-1.800M17.200 6.800 19 5",moon:"M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",nobell:"M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15ZM10 20.500h4M4 4l16 16"};function q({name:e}){return u`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${Wn[e]} /></svg>`}function en(e){return e<.095?`${Math.max(1,Math.round(1e3*e))} ms`:`${e.toFixed(1)} s`}function nn(e){return new Date(e*1e3).toLocaleTimeString([],{hour:"2-digit",minute:"2-digit",second:"2-digit"})}function on(e){let t=Math.max(0,Math.ceil(e));return`${Math.floor(t/60)}:${String(t%60).padStart(2,"0")}`}var tn=14,Bn=1200;function rn(e){return e.length>Bn||e.split(`
`,tn+1).length>tn}var Vn={allow:"Allowed",deny:"Denied",void:"No longer asked",timeout:"No answer in time: denied",alternative:"Something else was asked for"},Zn=5e3;function an({entry:e,context:t}){return(n,o)=>{e.sent.peek()||(e.sent.value=o,Tt.deliver(t.host,n).then(r=>{r||(e.sent.value="")}),t.follow.now(),setTimeout(()=>{e.sent.value=""},Zn))}}function sn(e){let{item:t,entry:n,context:o}=e,r=an(e),i=u`<div class="label">May I?</div><div class="text">${t.text}</div>`;if(t.decision){let p=t.remembered?`Allowed for this session: ${t.grant}`:Vn[t.decision]??t.decision;return u`${i}<div class="verdict">${p}</div>`}let a=(p,f=!1)=>r({type:"approve",id:t.id,decision:p,...f&&{remember:f}},p),s=!!n.sent.value;return u`${i}
    <div class="buttons">
      <button type="button" class="allow" disabled=${s} onClick=${()=>a("allow")}>Allow</button>
      <button type="button" class="deny" disabled=${s} onClick=${()=>a("deny")}>Deny</button>
      ${t.grant&&u`<button type="button" class="remember" disabled=${s} aria-describedby=${`grant-${t.id}`}
          onClick=${()=>a("allow",!0)}>Allow for this session</button>`}
    </div>
    <div class="hint">${t.phrase&&!t.text.includes(t.phrase)&&`Or say \u201C${t.phrase}\u201D. `}
      <${Kn} until=${t.until??0} ahead=${o.store.ahead} /></div>
    ${t.grant&&u`<div class="hint grant" id=${`grant-${t.id}`}>For this session: ${t.grant} You can take it back in Settings.</div>`}`}function Kn({until:e,ahead:t}){let n=E(Date.now()/1e3);if(nt(()=>{if(!e)return;let r=setInterval(()=>{n.value=Date.now()/1e3},250);return()=>clearInterval(r)},[e]),!e)return"It waits until you answer.";let o=e-t.value-n.value;return u`No answer in <span class=${o<15?"countdown soon":"countdown"} role="timer">${on(o)}</span> means no.`}function ln(e){let{item:t,entry:n}=e,o=an(e),r=u`<div class="label">A question for you</div><div class="text">${t.text}</div>`;if(t.answer!==null)return u`${r}<div class="verdict">${t.answer}</div>`;let i=!!n.sent.value,a=p=>{p.preventDefault();let f=n.draft.peek().trim();f&&o({type:"answer",id:t.id,text:f},f)},s=p=>{n.draft.value=p.currentTarget.value};if(t.yes_or_no){let p=(f,c)=>u`<button type="button" class=${c} disabled=${i} onClick=${()=>o({type:"answer",id:t.id,text:f},f)}>${f}</button>`;return u`${r}<div class="buttons">${p("Yes","allow")}${p("No","deny")}</div>`}return u`${r}
    <form class="buttons" onSubmit=${a}>
      <input type="text" autocomplete="off" maxlength="4000" aria-label="Your answer" placeholder="Your answer, or say it"
        value=${n.draft} disabled=${i} onInput=${s} />
      <button class="allow" disabled=${i}>Answer</button>
    </form>`}var Yn=1600;async function Gn(e){try{return await navigator.clipboard.writeText(e),!0}catch{return Jn(e)}}function Jn(e){let t=document.createElement("textarea");t.value=e,t.style.position="fixed",t.style.opacity="0",document.body.append(t),t.select();let n=document.execCommand("copy");return t.remove(),n}function G({text:e,what:t,children:n}){let o=E("");async function r(){o.value=await Gn(e())?"Copied":"The browser did not allow copying",setTimeout(()=>{o.value=""},Yn)}let i=o.value||`Copy ${t}`;return u`<button type="button" class=${`copy ${o.value?"told":""}`} title=${i} aria-label=${i} onClick=${r}>
    <${q} name=${o.value==="Copied"?"check":"copy"} />${n}
  </button>`}var Qn=[["GB",1e9],["MB",1e6],["kB",1e3]];function un(e){for(let[t,n]of Qn){if(e<.9995*n)continue;let o=e/n;return`${o<9.95?o.toFixed(1):Math.round(o)} ${t}`}return e===1?"1 byte":`${e} bytes`}var ie="sayso-put-back";function Xn(e,t){window.dispatchEvent(new CustomEvent(ie,{detail:{id:e,undo:t}}))}function re({id:e,count:t=0,undo:n=!1}){let o=n?"Undo this":`${t===1?"1 file or folder":`${t} files or folders`} changed in this task`;return u`<button type="button" class="put-back" title=${o} onClick=${()=>Xn(e,n)}>
    ${n?"Undo\u2026":"Put the files back\u2026"}</button>`}function cn({host:e}){let t=V(null),n=E({id:"",undo:!1}),o=E(null),r=E(""),i=E(!1),a=E(new Set);function s(){o.value=null,a.value=new Set,e.send({type:"put_back_look",id:n.peek().id})}nt(()=>{let _=v=>{n.value=v.detail,r.value="",i.value=!1,s(),t.current?.matches(":popover-open")||t.current?.showPopover()};return window.addEventListener(ie,_),()=>window.removeEventListener(ie,_)},[]),kt(e,({put_back:_})=>{if(_?.id!==n.peek().id)return;let v=i.peek();i.value=!1,_.done?t.current?.hidePopover():_.error&&v?(r.value=_.error,s()):_.error?(r.value=_.error,o.value={id:_.id}):o.value=_});function p(){i.value=!0,r.value="",e.send({type:"put_back",id:n.value.id,token:o.value?.token,choose:[...a.value]})}let{ready:f=[],conflicts:c=[],lost:m=[],notes:d=[],counts:l=[0,0,0],refusal:h=""}=o.value??{},w=l[0]+a.value.size,g=n.value.undo?"Undo putting files back":"Put the files back";return u`<div class="put-back-dialog" popover="auto" role="dialog" ref=${t} aria-label=${g}>
    <h2>${g}</h2>
    <div class="body" tabindex="0" role="group" aria-label="What would be done" aria-busy=${o.value===null}>
      ${r.value&&u`<p class="wrong" role="alert">${r.value}</p>`}
      ${h&&u`<p class="wrong" role="alert">${h}</p>`}
      ${o.value===null?u`<p role="status">Looking at the files…</p>`:u`<p role="status">${o.value.summary}</p>`}
      ${f.length>0&&u`<${oe} changes=${f} count=${l[0]} />`}
      ${c.length>0&&u`<h3>Changed since: kept unless you choose them</h3>`}
      ${c.length>0&&u`<${oe} changes=${c} count=${l[1]} chosen=${a} />`}
      ${m.length>0&&u`<h3>Cannot be put back</h3>`}
      ${m.length>0&&u`<${oe} changes=${m} count=${l[2]} />`}
      ${d.map(_=>u`<p class="hint">${_}</p>`)}
      ${o.value?.use&&u`<p class="hint">${o.value.use}</p>`}
    </div>
    <div class="buttons">
      <button type="button" class="do" disabled=${i.value||w===0||!!h} onClick=${p}>
        ${i.value?"Putting back\u2026":to(w)}</button>
      <button type="button" autofocus onClick=${()=>t.current?.hidePopover()}>${w===0||h?"Close":"Cancel"}</button>
    </div>
  </div>`}function to(e){return e===0?"Put back":e===1?"Put 1 item back":`Put ${e} items back`}function oe({changes:e,count:t,chosen:n}){return u`<ul>
    ${e.map(o=>u`<${eo} key=${o.key} change=${o} chosen=${n} />`)}
    ${t>e.length&&u`<li class="hint">and ${t-e.length} more</li>`}
  </ul>`}function eo({change:e,chosen:t}){let n=u`<span class="name">${e.name}${e.folder?"/":""}</span>${" "}<span class="does">${e.does}</span>
    ${e.why&&u`<span class="why">${e.why}</span>`}`;if(!t)return u`<li class=${e.what}>${n}</li>`;let o=()=>{let r=new Set(t.peek());r.delete(e.key)||r.add(e.key),t.value=r};return u`<li class=${e.what}><label>
    <input type="checkbox" checked=${t.value.has(e.key)} onChange=${o} /><span>${n}</span>
  </label></li>`}var no=400;function lt(e){return e.kind==="approval"&&!e.decision||e.kind==="question"&&e.answer===null}function se(e){return e.fate==="after"||e.fate==="kept"}var ae=class{constructor(t){this.id=t.id,this.n=t.n,this.item=y(t),this.open=y(null),this.whole=y(!1),this.draft=y(""),this.sent=y(""),this.drawn=null}},Pt=class{#t=new Map;entries=y([]);waiting=y([]);queue=y([]);ahead=y(0);trimmed=y(!1);apply({operations:t,reset:n=!1,now:o}){let r=[];return z(()=>{o&&(this.ahead.value=o-Date.now()/1e3);let i=n?[]:[...this.entries.peek()],a=new Set(i);for(let s of t){let p=s.put?this.#n(s.put):this.#e(s);!p||a.has(p)||(a.add(p),oo(i,p),r.push(p.item.peek()))}(n||r.length>0)&&this.#o(i),this.#r()}),r}#n(t){let n=this.#t.get(t.id);n&&(n.item.value=t);let o=n??new ae(t);return this.#t.set(t.id,o),o}#e({append:t="",text:n=""}){let o=this.#t.get(t);return o&&(o.item.value={...o.item.peek(),text:o.item.peek().text+n}),null}#o(t){t.splice(0,Math.max(0,t.length-no)).length>0&&(this.trimmed.value=!0),this.entries.value=t,this.#t=new Map(t.map(o=>[o.id,o]))}#r(){this.#i(this.waiting,lt),this.#i(this.queue,se)}#i(t,n){let o=this.entries.peek().filter(i=>n(i.item.peek())),r=t.peek();(o.length!==r.length||o.some((i,a)=>i!==r[a]))&&(t.value=o)}};function oo(e,t){let n=e.length;for(;n>0&&e[n-1].n>t.n;)n-=1;e.splice(n,0,t)}var io={waiting:"next",running:"now",failed:"failed",skipped:"not run"},ro={voice:"You said",typed:"You typed",terminal:"From the terminal",api:"Asked",button:"You pressed"},ao=["state","tone","outcome","speech","meaning","fate"];function so(e){let t=["item",e.kind,...ao.filter(n=>e[n]).map(n=>`${n}-${e[n]}`)];return e.interim&&t.push("interim"),e.streaming&&t.push("streaming"),lt(e)&&t.push("open"),t.join(" ")}function le({entry:e,context:t}){let n=e.item.value,o=mo[n.kind]??Nt;return u`<article class=${so(n)} data-id=${n.id} title=${nn(n.at)}>
    <${o} entry=${e} item=${n} context=${t} />
  </article>`}function J({entry:e,item:t,context:n}){let{text:o,streaming:r}=t,i=!r&&rn(o),a=i&&!e.whole.value;return u`<div class=${a?"text folded":"text"}>${o}</div>
    ${i&&u`<button type="button" class="fold" aria-expanded=${!a} onClick=${()=>{n.follow.release(),e.whole.value=!e.whole.value}}>${a?"Show all":"Show less"}</button>`}`}function Nt(e){return u`<${J} ...${e} />`}function lo(e){let{entry:t,item:n}=e;return u`<div class="label"><span>${ro[n.source??""]??"Heard"}</span>
      ${!n.interim&&u`<${G} what="what you said" text=${()=>t.item.peek().text} />`}</div>
    <${J} ...${e} />
    ${n.links?.map(o=>u`<div class="link" key=${o}>${o}</div>`)}
    ${n.mark&&u`<div class="fate">${n.mark}</div>`}
    ${!se(n)&&u`<${ue} entry=${t} context=${e.context} />`}`}function ue({entry:e,context:t}){let{utterance:n,choices:o=[]}=e.item.value;if(o.length===0)return null;let r=i=>t.host.send({type:"fate",id:n,to:i});return u`<div class="choices">
    ${o.map(([i,a])=>u`<button type="button" key=${i} onClick=${()=>r(i)}>${a}</button>`)}
  </div>`}function pn(e){let{entry:t,item:n}=e;return u`<${J} ...${e} />
    ${!n.streaming&&u`<${G} what="the message" text=${()=>t.item.peek().text} />`}`}function dn(e,t){return{open:e.open.value??t,onToggle:n=>{e.open.value=n.currentTarget.open}}}function uo({entry:e,item:t,context:n}){return u`<details ...${dn(e,!1)}>
    <summary onClick=${()=>n.follow.release()}>Thought</summary><div class="text">${t.text}</div>
  </details>`}function co({entry:e,item:t,context:n}){let{state:o="",seconds:r=0,output:i,image:a,rule:s,where:p,command:f}=t,c=u`<div class="head">
    <span class="mark"></span><span class="title">${t.title}</span>
    <span class="side">
      ${r>0&&u`<span class="seconds">${en(r)}</span>`}
      ${o!=="done"&&u`<span class="word">${io[o]??o}</span>`}
    </span>
  </div>`,m=s&&u`<div class="where">${s}</div>`;return!i&&!a?u`${c}${m}`:u`<details ...${dn(e,o==="failed")}>
    <summary onClick=${()=>n.follow.release()}>${c}${a&&u`<${fn} item=${t} name="thumb" />`}</summary>
    ${m}
    ${p&&u`<div class="where">in ${p}</div>`}
    <div class="copies">
      ${f&&u`<${G} what="the command" text=${()=>f}>Command<//>`}
      ${i&&u`<${G} what="the output" text=${()=>e.item.peek().output??""}>Output<//>`}
    </div>
    ${i&&u`<pre tabindex="0" aria-label="Output">${i}</pre>`}
    ${a&&u`<${fn} item=${t} name="full" />`}
  </details>`}function fn({item:e,name:t}){let[n,o]=e.size??[],r=t==="thumb"?"":`The screen after: ${e.title}`;return u`<img class=${t} loading="lazy" decoding="async" alt=${r} width=${n} height=${o} src=${e.image} />`}function po({item:e}){let t=e.files??[],n=(e.count??0)-t.length;return u`<div class="label"><span>${e.attached?"You attached":"Files came in"}</span></div>
    <ul class="papers">${t.map(o=>u`<li key=${o.name}>
        ${o.image&&u`<img loading="lazy" decoding="async" alt=${`Attached: ${o.name}`} src=${o.image} />`}
        <span class="name" title=${o.path}>${o.name}</span> <span class="size">${un(o.size)}</span>
        ${o.note&&u`<div class="where">${o.note}</div>`}
      </li>`)}</ul>
    ${n>0&&u`<div class="where">and ${n} more</div>`}`}function fo(e){let{entry:t,item:n}=e;return u`<div class="label"><span>${n.label}</span>
      ${n.text&&u`<${G} what="the result" text=${()=>t.item.peek().text} />`}</div>
    ${n.text&&u`<${J} ...${e} />`}
    ${n.changed&&u`<${re} id=${n.task} count=${n.changed} />`}`}var ho={done:"Files put back",partly:"Files put back in part",failed:"No file was put back",cut:"Putting files back was cut off"};function _o(e){let{item:t}=e;return u`<div class="label"><span>${ho[t.state??""]??"Files put back"}</span></div>
    <${J} ...${e} />
    ${t.state!=="failed"&&u`<${re} id=${t.task} undo=${!0} />`}`}function vo(e){let{item:t}=e;return u`<${J} ...${e} />
    ${t.advice&&u`<div class="advice">${t.advice}</div>`}`}var mo={heard:lo,said:pn,spoken:Nt,reply:pn,thinking:uo,progress:Nt,note:Nt,action:co,approval:sn,question:ln,files:po,outcome:fo,back:_o,error:vo};var go=["text","title","output","advice","command","answer"];function xo(e,t){return go.some(n=>(e[n]??"").toLowerCase().includes(t))}var At=class{open=y(!1);text=y("");at=y(0);constructor(t){this.store=t,this.found=F(()=>this.#t()),this.current=F(()=>this.found.value[this.at.value]??null)}type(t){this.text.value=t,this.at.value=Math.max(0,this.found.value.length-1)}step(t){let n=this.found.value.length;n>0&&(this.at.value=(this.at.value+t+n)%n)}close(){this.open.value=!1,this.text.value=""}#t(){let t=this.text.value.trim().toLowerCase();return!this.open.value||!t?[]:this.store.entries.value.filter(n=>xo(n.item.peek(),t))}};function bo(e){if(!e.text.value.trim())return"";let t=e.found.value.length;return t>0?`${e.at.value+1} of ${t}`:e.store.trimmed.value?"Not among the newest; Replay has all":"Not found"}function vn({search:e}){if(!e.open.value)return null;function t(o){if(o.key==="Enter")e.step(o.shiftKey?1:-1);else if(o.key==="Escape")e.close();else return;o.preventDefault(),o.stopPropagation()}let n=e.found.value.length===0;return u`<div class="search" role="search" data-escape onKeyDown=${t}>
    <input type="search" aria-label="Search in the conversation" placeholder="Search in the conversation" value=${e.text}
      ref=${o=>o?.focus()}
      onInput=${o=>e.type(o.currentTarget.value)} />
    <span class="count" role="status">${bo(e)}</span>
    <button type="button" aria-label="Earlier" title="Earlier (Enter)" disabled=${n} onClick=${()=>e.step(-1)}><${q} name="up" /></button>
    <button type="button" aria-label="Later" title="Later (Shift+Enter)" disabled=${n} onClick=${()=>e.step(1)}><${q} name="down" /></button>
    <button type="button" aria-label="Close the search" title="Close (Escape)" onClick=${()=>e.close()}><${q} name="close" /></button>
  </div>`}var hn="sayso-found";function mn(e,t,n){return O(()=>{let{current:o,text:r}=e,i=o.value,a=r.value.trim().toLowerCase();if(!i)return void _n([]);n.release(),i.open.value=!0,i.whole.value=!0,requestAnimationFrame(()=>{let s=t()?.querySelector(`[data-id="${CSS.escape(i.id)}"]`);s?.scrollIntoView({block:"center"}),_n(s?yo(s,a):[])})})}function _n(e){"highlights"in CSS&&(e.length===0?CSS.highlights.delete(hn):CSS.highlights.set(hn,new Highlight(...e)))}function yo(e,t){let n=[],o=document.createTreeWalker(e,NodeFilter.SHOW_TEXT);for(let r=o.nextNode();r&&t;r=o.nextNode()){let i=(r.textContent??"").toLowerCase();for(let a=i.indexOf(t);a>=0;a=i.indexOf(t,a+t.length)){let s=document.createRange();s.setStart(r,a),s.setEnd(r,Math.min(a+t.length,r.textContent?.length??0)),n.push(s)}}return n}function ce(e,t){return window.addEventListener(`sayso-${e}`,t),()=>window.removeEventListener(`sayso-${e}`,t)}var wo=["Open the text editor and type hello world.","Create a file called shopping list with the text milk, eggs and bread.","What can I say?"];function pe({host:e,bare:t}){let[n,o]=N(()=>[new Pt,new Et],[]),r=N(()=>new At(n),[]),i=N(()=>({host:e,store:n,follow:o}),[]),a=V(null);return kt(e,s=>{if(!s.operations)return;let p=n.apply(s);(s.reset&&!s.again||p.some(f=>$o(f,t)))&&o.now()}),mt(()=>{let s=[Tt.onRestored(()=>e.send({type:"ready",again:!0})),ce("sent",()=>o.now()),ce("search",()=>{r.open.value=!0}),mn(r,()=>a.current,o)];return o.attach(a.current),e.send({type:"ready"}),()=>{o.attach(null);for(let p of s)p()}},[]),u`<section class="conversation">
    <${vn} search=${r} />
    ${t&&u`<${Po} search=${r} />`}
    <div class="room">
      <div class="list" role="log" aria-label="Conversation" tabindex="0" ref=${a} onScroll=${()=>o.scrolled()}>
        <${ko} context=${i} />
      </div>
      <${No} context=${i} />
      <${Eo} follow=${o} />
    </div>
    <${Co} context=${i} />
    <${Mo} context=${i} />
    <${cn} host=${e} />
  </section>`}function $o({kind:e,source:t},n){return e==="heard"&&(t==="voice"||n)}function ko({context:e}){let t=e.store.entries.value.map(n=>(n.drawn??=u`<${So} key=${n.id} entry=${n} context=${e} />`,n.drawn));return u`<div class="flow">${t}</div>`}function So({entry:e,context:t}){return Qt(()=>lt(e.item.value)).value?null:u`<${le} entry=${e} context=${t} />`}function Mo({context:e}){let t=e.store.waiting.value;return u`<div class=${t.length>0?"dock full":"dock"} role="region" aria-label="Waiting for you" aria-live="assertive">
    ${t.map(n=>u`<${le} key=${n.id} entry=${n} context=${e} />`)}
  </div>`}function Co({context:e}){let t=e.store.queue.value;return t.length===0?null:u`<section class="queue" aria-label="Still to be done">
    <div class="title">Still to be done</div>
    <ol>
      ${t.map(n=>u`<${To} key=${n.id} entry=${n} context=${e} />`)}
    </ol>
  </section>`}function To({entry:e,context:t}){let{text:n,mark:o}=e.item.value;return u`<li>
    <div class="wish" title=${n}>${n}</div>
    <div class="fate">${o}</div>
    <${ue} entry=${e} context=${t} />
  </li>`}function Eo({follow:e}){return e.away.value&&u`<button type="button" class="more" onClick=${()=>e.now()}>↓ newest</button>`}function Po({search:e}){return e.open.value?null:u`<button type="button" class="finder" aria-label="Search in the conversation" title="Search in the conversation" onClick=${()=>{e.open.value=!0}}>
    <${q} name="search" />
  </button>`}function No({context:e}){return Qt(()=>e.store.entries.value.length===0).value?u`<div class="empty">
    <h2>What shall I do?</h2>
    <p>Say it or type it. You can cut in at any time.</p>
    ${wo.map(n=>u`<button type="button" class="example" onClick=${()=>e.host.send({type:"say",text:n})}>${n}</button>`)}
  </div>`:null}function Ao({host:e}){return u`<${pe} host=${e} bare=${!1} />`}var Ji=St("Conversation",Ao);function Oo({host:e}){return u`<${pe} host=${e} bare=${!0} />`}var nr=St("Conversation",Oo,{css:Ge});export{nr as default};
