// Sends a few calls with one of the Node clients: node deliver.mjs CLIENT HOST KEY FOLDER-WITH-NODE_MODULES
import { createRequire } from "node:module";
import path from "node:path";

const [client, host, key, installed] = process.argv.slice(2);
const load = createRequire(path.join(installed, "package.json"));
const when = new Date("2026-03-01T10:20:30Z");
const order = {
  order_id: `order-${client}`,
  currency: "EUR",
  total: 12.5,
  products: [{ product_id: "snack-1", name: "Chilli mango", price: 6.25, quantity: 2 }],
};

function calls(send) {
  send.identify({ userId: client, traits: { email: `${client}@example.org`, name: "Ada" }, timestamp: when });
  send.track({ userId: client, event: "Product Viewed", properties: { product_id: "snack-1" }, timestamp: when });
  send.track({ userId: client, event: "Order Completed", properties: order, timestamp: when });
  send.page({ userId: client, name: "Home", properties: {}, timestamp: when });
  send.group({ userId: client, groupId: "club-1", traits: { name: "Snack club" }, timestamp: when });
  send.alias({ userId: client, previousId: `before-${client}` });
}

if (client === "segment") {
  const { Analytics } = load("@segment/analytics-node");
  const analytics = new Analytics({ writeKey: key, host, maxEventsInBatch: 4, flushInterval: 50 });
  analytics.on("error", (wrong) => {
    console.error(wrong);
    process.exitCode = 1;
  });
  calls(analytics);
  await analytics.closeAndFlush();
} else {
  const Rudder = load("@rudderstack/rudder-sdk-node");
  const Client = Rudder.default ?? Rudder;
  const rudder = new Client(key, { dataPlaneUrl: host, flushAt: 4, flushInterval: 50, logLevel: "error" });
  calls(rudder);
  await new Promise((done, failed) => rudder.flush((wrong) => (wrong ? failed(wrong) : done())));
}
