<?php

// Asks a server with a private certificate, with both clients of PHP, and says whether it is believed.
function ask(): string
{
    $server = proc_open(['php', __DIR__ . '/server.php'], [1 => ['pipe', 'w']], $pipes);
    $address = 'https://localhost:' . trim((string) fgets($pipes[1])) . '/';
    $streams = @file_get_contents($address) === 'hello';
    $curl = curl_init($address);
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    $libcurl = curl_exec($curl) === 'hello';
    proc_terminate($server);
    $said = fn (bool $believed): string => $believed ? 'believed' : 'not believed';
    return "streams: {$said($streams)}, curl: {$said($libcurl)}";
}
