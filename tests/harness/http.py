"""A small HTTP client that hides nothing: status, header fields, body as they came."""

import http.client
import json
import socket


class Answer:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    def field(self, name):
        """The field's value, joined by ', ' when it came more than once; None when it did not."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:500]!r}>"


class HttpClient:
    """One kept connection to a stack; not for several threads."""

    def __init__(self, host, port, timeout=30):
        self.host, self.port, self.timeout = host, port, timeout
        self.connection = None

    def send(self, method, path, body=None, headers=None):
        """Only sends: no answer is read."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        self.connection.request(method, path, body, headers)

    def request(self, method, path, body=None, headers=None):
        """`body` that is neither bytes nor text is sent as JSON."""
        try:
            self.send(method, path, body, headers)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, path, body, headers=None):
        return self.request("POST", path, body, headers)

    def put(self, path, body, headers=None):
        return self.request("PUT", path, body, headers)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def raw(host, port, data, timeout=20):
    """Sends bytes as they are; the answer to them."""
    with socket.create_connection((host, port), timeout=timeout) as s:
        s.sendall(data)
        response = http.client.HTTPResponse(s)
        response.begin()
        return Answer(response.status, response.getheaders(), response.read())
