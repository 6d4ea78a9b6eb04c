<?php

namespace Illuminate;

/** Writes where the real one does: logs and compiled views below storage. */
final class Application
{
    public function __construct(private string $base)
    {
    }

    public function handle(string $path): string
    {
        $view = $this->base . '/storage/framework/views/' . md5($path) . '.php';
        @mkdir(dirname($view), 0770, true);
        file_put_contents($view, "<?php return 'route " . addslashes($path) . "';");
        file_put_contents($this->base . '/storage/logs/laravel.log', "$path\n", FILE_APPEND);
        file_put_contents('php://stderr', "handled $path\n");

        return (require $view) . "\n";
    }
}
