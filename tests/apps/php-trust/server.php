<?php

$context = stream_context_create(['ssl' => [
    'local_cert' => __DIR__ . '/server.crt',
    'local_pk' => __DIR__ . '/server.key',
]]);
$flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
$server = stream_socket_server('ssl://127.0.0.1:0', $code, $error, $flags, $context);
echo substr(strrchr(stream_socket_get_name($server, false), ':'), 1), "\n";
while (true) {
    // A client that does not believe leaves in the handshake.
    $client = @stream_socket_accept($server, 60);
    if ($client !== false) {
        fread($client, 8192);
        fwrite($client, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        fclose($client);
    }
}
