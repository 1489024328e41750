// Within a frame: says how high the page is, so that the frame can be as high. The survey works without it.
new ResizeObserver(() => {
  parent.postMessage({ openchair: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
}).observe(document.documentElement);
