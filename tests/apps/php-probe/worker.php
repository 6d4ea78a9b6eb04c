<?php

echo 'worker of PHP ', PHP_VERSION, ' with ', extension_loaded('mbstring') ? 'mbstring' : 'nothing', "\n";
