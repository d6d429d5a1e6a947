#!/usr/bin/env python3
"""The API metrics.k8s.io for tests: every pod that a selector matches uses as much memory as a file says.

metrics_server.py PORT CERTIFICATE KEY FILE   (FILE holds a quantity, as 80Mi; KUBECONFIG says where the pods are)
"""
import datetime
import http.server
import json
import ssl
import subprocess
import sys
import urllib.parse

API = "/apis/metrics.k8s.io/v1beta1"


def pods(namespace, selector):
    words = ["kubectl", "get", "pods", "--namespace", namespace, "--output", "json"] + (["--selector", selector] if selector else [])
    found = json.loads(subprocess.run(words, check=True, capture_output=True, timeout=10).stdout)
    return [pod["metadata"]["name"] for pod in found["items"]]


def metrics(namespace, selector):
    with open(sys.argv[4], encoding="ascii") as file:
        used = file.read().strip()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    items = [{"metadata": {"name": name, "namespace": namespace}, "timestamp": now, "window": "5s",
              "containers": [{"name": "valkey", "usage": {"cpu": "1m", "memory": used}}]} for name in pods(namespace, selector)]
    print(f"{selector!r}: {len(items)} pods, {used} each", flush=True)
    return {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        parts = url.path.removeprefix(API).strip("/").split("/")
        if url.path == API:
            answer = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1",
                      "resources": [{"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]}]}
        elif len(parts) == 3 and parts[0] == "namespaces" and parts[2] == "pods":
            answer = metrics(parts[1], urllib.parse.parse_qs(url.query).get("labelSelector", [""])[0])
        else:
            self.send_error(404)
            return
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
