using System;
using System.Globalization;

namespace Lib
{
    public static class Calendar
    {
        public static string Berlin(DateTime day) => day.ToString("D", CultureInfo.GetCultureInfo("de-DE"));
    }
}
